// session.cc - a connection as its users see it.
#include <ws/io/http2/session_impl.h>

#include <asio/error.hpp>
#include <utility>

namespace ws::io::http2 {
namespace {

class ErrorCategory final : public std::error_category {
 public:
  static constexpr int kOver = 1 << 16;
  [[nodiscard]] const char* name() const noexcept override { return "http2"; }
  [[nodiscard]] std::string message(int value) const override {
    if (value == kOver) return "the HTTP/2 connection ended";
    return "RST_STREAM with " + std::string(http2::name(static_cast<ErrorCode>(value - 1)));
  }
};
const ErrorCategory kCategory;

}  // namespace

std::error_code stream_reset(ErrorCode code) { return {static_cast<int>(code) + 1, kCategory}; }
std::error_code connection_over() { return {ErrorCategory::kOver, kCategory}; }

// The names and values live as long as the section does.
std::vector<nghttp2_nv> name_values(const Fields& section) {
  std::vector<nghttp2_nv> out;
  for (const Field& field : section) {
    const auto octets = [](const std::string& text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    out.push_back(
        {octets(field.name), octets(field.value), field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return out;
}

Session::Session(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

std::shared_ptr<Session> Session::start(std::unique_ptr<Stream> under, SessionOptions options) {
  auto impl = std::make_shared<Impl>(std::move(under), std::move(options));
  impl->start();
  return std::make_shared<Session>(std::move(impl));
}

Session::~Session() { close(); }

void Session::close() noexcept {
  if (impl_->over || impl_->closing) return;
  impl_->owes_goaway = true;
  impl_->say_goodbye();
}

void Session::go_away() noexcept {
  if (impl_->over) return;
  nghttp2_submit_goaway(impl_->session.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(impl_->session.get()), NGHTTP2_NO_ERROR, nullptr, 0);
  impl_->settle();
}

asio::awaitable<std::error_code> Session::ready(Clock::time_point until) {
  const auto impl = impl_;
  constexpr std::uint32_t kFirstWindow = 65'535;  // RFC 9113 6.9.2
  const bool small = impl->options.initial_window < kFirstWindow;
  if (small) {
    if (const auto error = co_await Impl::ping(impl, until)) co_return error;
  }
  while ((!impl->settings_came || (small && impl->acknowledged == 0)) && !impl->over && !impl->closing) {
    if (const auto error = co_await impl->changed.wait(until)) co_return error;
  }
  if (impl->settings_came && !impl->over) co_return std::error_code{};
  co_return impl->over ? impl->over : connection_over();
}

asio::awaitable<std::error_code> Session::hears(Clock::time_point until) {
  const auto impl = impl_;
  for (const std::uint64_t before = impl->heard; impl->heard == before;) {
    if (impl->over || impl->closing) co_return connection_over();
    if (const auto error = co_await impl->changed.wait(until)) co_return error;
  }
  co_return std::error_code{};
}

asio::awaitable<std::error_code> Session::ping(Clock::time_point until) { return Impl::ping(impl_, until); }

asio::awaitable<std::error_code> Session::Impl::ping(std::shared_ptr<Impl> impl, Clock::time_point until) {
  if (impl->over || impl->closing) co_return connection_over();
  const std::uint64_t mine = ++impl->pings;
  nghttp2_submit_ping(impl->session.get(), NGHTTP2_FLAG_NONE, nullptr);
  impl->settle();
  while (impl->pongs < mine) {
    if (impl->over || impl->closing) co_return connection_over();
    if (const auto error = co_await impl->changed.wait(until)) co_return error;
  }
  co_return std::error_code{};
}

void Session::inject(Bytes octets) {
  append(impl_->injected, octets);
  impl_->settle();
}

bool Session::change_settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) {
  std::vector<nghttp2_settings_entry> entries;
  for (const auto& [id, value] : settings) entries.push_back({id, value});
  if (impl_->over || nghttp2_submit_settings(impl_->session.get(), NGHTTP2_FLAG_NONE, entries.data(), entries.size()))
    return false;
  // Its answer comes when the peer has taken them, also where it acknowledges late.
  ++impl_->pings;
  nghttp2_submit_ping(impl_->session.get(), NGHTTP2_FLAG_NONE, nullptr);
  impl_->settle();
  return true;
}

const std::string& Session::last_words() const noexcept { return impl_->last_words; }
bool Session::is_over() const noexcept { return impl_->over || impl_->closing; }

bool Session::peer_allows_connect() const noexcept {
  return impl_->settings_came && !impl_->over &&
         nghttp2_session_get_remote_settings(impl_->session.get(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

std::expected<std::unique_ptr<Http2Stream>, std::error_code> Session::request(const Fields& section, bool end) {
  if (impl_->over) return std::unexpected(impl_->over);
  auto state = std::make_shared<Http2Stream::State>(impl_->executor);
  state->out_ends = state->out_ended = end;
  const auto values = name_values(section);
  nghttp2_data_provider source{};
  source.read_callback = Impl::read_source;
  const auto id = nghttp2_submit_request(impl_->session.get(), nullptr, values.data(), values.size(),
                                         end ? nullptr : &source, nullptr);
  if (id < 0) return std::unexpected(connection_over());
  state->id = id;
  impl_->streams.emplace(id, state);
  impl_->settle();
  return std::make_unique<Http2Stream>(shared_from_this(), std::move(state));
}

asio::awaitable<std::expected<std::unique_ptr<Http2Stream>, std::error_code>> Session::accept() {
  const auto impl = impl_;
  const auto self = shared_from_this();
  while (impl->requests.empty()) {
    if (impl->over) co_return std::unexpected(impl->over);
    if (const auto error = co_await impl->changed.wait()) co_return std::unexpected(error);
  }
  auto state = std::move(impl->requests.front());
  impl->requests.pop_front();
  co_return std::make_unique<Http2Stream>(self, std::move(state));
}

asio::any_io_executor Session::executor() const noexcept { return impl_->executor; }
std::string Session::peer() const { return impl_->under->peer(); }
bool Session::secure() const noexcept { return impl_->under->secure(); }

}  // namespace ws::io::http2
