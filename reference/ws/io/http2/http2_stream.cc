// http2_stream.cc - one stream of a connection: its field sections, and the octets of its DATA.
#include <ws/io/http2/session_impl.h>

#include <algorithm>
#include <asio/error.hpp>
#include <cstring>
#include <utility>

namespace ws::io::http2 {
namespace {

constexpr std::size_t kKeptRoom = 64 * 1024;  // of a buffer that was read to its end

}  // namespace

Http2Stream::Http2Stream(std::shared_ptr<Session> session, std::shared_ptr<State> state) noexcept
    : session_(std::move(session)), state_(std::move(state)) {}

Http2Stream::~Http2Stream() { close(); }

asio::any_io_executor Http2Stream::executor() { return session_->executor(); }
std::string Http2Stream::peer() const { return session_->peer(); }
bool Http2Stream::secure() const noexcept { return session_->secure(); }
PeerAddress Http2Stream::peer_address() const { return session_->impl_->under->peer_address(); }
std::optional<Certificate> Http2Stream::peer_certificate() const { return session_->impl_->under->peer_certificate(); }
std::int32_t Http2Stream::id() const noexcept { return state_->id; }
bool Http2Stream::ended_by_peer() const noexcept { return state_->in_ended; }

void Http2Stream::becomes_tunnel() noexcept {
  state_->tunnel = true;
  if (!state_->heads.empty()) session_->impl_->fail_stream(*state_, ErrorCode::protocol_error);
}

asio::awaitable<std::expected<Fields, std::error_code>> Http2Stream::head() {
  const auto state = state_;
  while (state->heads.empty()) {
    if (state->broken) co_return std::unexpected(state->broken);
    if (state->in_ended) co_return std::unexpected(make_error_code(asio::error::eof));
    if (const auto error = co_await state->changed.wait()) co_return std::unexpected(error);
  }
  Fields section = std::move(state->heads.front());
  state->heads.pop_front();
  co_return section;
}

void Http2Stream::answer(const Fields& section, bool end) {
  const auto& impl = session_->impl_;
  if (impl->over || state_->gone) return;
  const auto values = name_values(section);
  const Field* const status = find_field(section, ":status");
  if (status != nullptr && status->value.starts_with('1') && !end) {
    nghttp2_submit_headers(impl->session.get(), NGHTTP2_FLAG_NONE, state_->id, nullptr, values.data(), values.size(),
                           nullptr);
    impl->settle();
    return;
  }
  nghttp2_data_provider source{};
  source.read_callback = Session::Impl::read_source;
  state_->out_ends = state_->out_ended = end;
  nghttp2_submit_response(impl->session.get(), state_->id, values.data(), values.size(), end ? nullptr : &source);
  impl->settle();
}

asio::awaitable<std::expected<std::size_t, std::error_code>> Http2Stream::read_some(std::span<std::byte> into) {
  const auto state = state_;
  const auto impl = session_->impl_;
  // An answer does not overtake the end of the write that it answers, which is on its way to the writer.
  const auto write_is_over = [&] {
    return state->writing && !state->broken && state->out.empty() && impl->written >= state->out_round;
  };
  while (write_is_over() || state->in.empty()) {
    const bool wait = write_is_over();
    if (!wait && state->broken) co_return std::unexpected(state->broken);
    if (!wait && state->in_ended) co_return std::unexpected(make_error_code(asio::error::eof));
    if (const auto error = co_await state->changed.wait()) co_return std::unexpected(error);
  }
  const std::size_t count = std::min(into.size(), state->in.size() - state->taken);
  std::memcpy(into.data(), state->in.data() + state->taken, count);
  state->taken += count;
  if (state->taken == state->in.size()) {
    state->in.clear();
    state->taken = 0;
    if (state->in.capacity() > kKeptRoom) state->in = {};
  }
  if (!state->gone && !impl->over) {
    impl->give_back(state->id, count);
  }
  co_return count;
}

asio::awaitable<std::error_code> Http2Stream::write(ByteView octets) {
  const auto state = state_;
  const auto impl = session_->impl_;
  if (state->broken) co_return state->broken;
  if (state->out_ends) co_return make_error_code(asio::error::broken_pipe);
  if (state->keeps) {
    append(state->kept, octets);
    co_return std::error_code{};
  }
  state->out = octets;
  state->writing = true;
  nghttp2_session_resume_data(impl->session.get(), state->id);
  impl->settle();
  while (!state->out.empty() || impl->written < state->out_round) {
    std::error_code error = state->broken;
    if (!error) error = co_await state->changed.wait();
    if (!error) continue;
    state->out = {};
    state->writing = false;
    co_return error;
  }
  state->writing = false;
  state->changed.notify_all();
  co_return std::error_code{};
}

asio::awaitable<std::error_code> Http2Stream::shutdown_send() {
  const auto state = state_;
  const auto impl = session_->impl_;
  if (state->broken) co_return state->broken;
  if (std::exchange(state->out_ends, true)) co_return std::error_code{};
  if (state->keeps) state->out = state->kept;
  if (!state->gone && !impl->over) {
    nghttp2_session_resume_data(impl->session.get(), state->id);
    impl->settle();
  }
  co_return std::error_code{};
}

void Http2Stream::keep_until_end() noexcept { state_->keeps = true; }

void Http2Stream::reset_with(ErrorCode code) noexcept {
  const auto& impl = session_->impl_;
  if (!state_->gone && !impl->over) {
    nghttp2_submit_rst_stream(impl->session.get(), NGHTTP2_FLAG_NONE, state_->id, static_cast<std::uint32_t>(code));
    impl->settle();
  }
  state_->abandoned = true;
  if (!state_->broken) state_->broken = make_error_code(asio::error::operation_aborted);
  state_->changed.notify_all();
}

void Http2Stream::close() noexcept {
  if (std::exchange(state_->abandoned, true)) return;
  const auto& impl = session_->impl_;
  const bool open = !state_->gone && !impl->over;
  if (open && !state_->out_ends) {
    if (state_->in_ended) {
      state_->out_ends = true;
      nghttp2_session_resume_data(impl->session.get(), state_->id);
    } else {
      nghttp2_submit_rst_stream(impl->session.get(), NGHTTP2_FLAG_NONE, state_->id,
                                static_cast<std::uint32_t>(ErrorCode::cancel));
    }
    impl->settle();
  } else if (open && impl->options.role == Role::server && state_->wants_no_more()) {
    impl->stop_request(*state_);
    impl->settle();
  }
  if (!state_->broken) state_->broken = make_error_code(asio::error::operation_aborted);
  state_->changed.notify_all();
}

}  // namespace ws::io::http2
