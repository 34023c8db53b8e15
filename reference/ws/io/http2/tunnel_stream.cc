#include <ws/io/http2/tunnel_stream.h>

#include <algorithm>
#include <asio/error.hpp>
#include <cstring>
#include <utility>

namespace ws::io::http2 {
namespace {

constexpr HeadLimits kLimits{.octets = 64 * 1024, .fields = 1000};

std::error_code broken_head() { return make_error_code(asio::error::invalid_argument); }

}  // namespace

TunnelStream::TunnelStream(std::shared_ptr<Session> session)
    : role_(Role::client),
      session_(std::move(session)),
      executor_(session_->executor()),
      peer_(session_->peer()),
      secure_(session_->secure()),
      opened_(executor_) {}

TunnelStream::TunnelStream(std::unique_ptr<Http2Stream> stream, const ws::http2::Request& request)
    : TunnelStream(std::move(stream), ws::http2::upgrade_request(request, kNoKey)) {}

TunnelStream::TunnelStream(std::unique_ptr<Http2Stream> stream, const RequestHead& request)
    : role_(Role::server),
      executor_(stream->executor()),
      peer_(stream->peer()),
      secure_(stream->secure()),
      stream_(std::move(stream)),
      opened_(executor_),
      head_in_(to_bytes(serialize(request))),
      read_head_(true) {}

TunnelStream::~TunnelStream() = default;

PeerAddress TunnelStream::peer_address() const { return stream_ ? stream_->peer_address() : PeerAddress(); }

std::optional<Certificate> TunnelStream::peer_certificate() const {
  return stream_ ? stream_->peer_certificate() : std::nullopt;
}

// RFC 9110 15.2: interim answers go before the final one.
asio::awaitable<std::error_code> TunnelStream::read_answer() {
  while (!stream_ && !closed_) {
    if (const auto error = co_await opened_.wait()) co_return error;
  }
  if (!stream_) co_return make_error_code(asio::error::operation_aborted);
  while (!read_head_) {
    auto section = co_await stream_->head();
    if (!section) co_return section.error();
    answer_ = *section;
    const auto response = ws::http2::read_response(answer_);
    if (!response) {
      violation_ = response.error();
      stream_->reset_with(ErrorCode::protocol_error);  // RFC 9113 8.1.1
      co_return make_error_code(asio::error::connection_reset);
    }
    if (response->status < 200) continue;
    read_head_ = true;
    if (response->status < 300) stream_->becomes_tunnel();
    head_in_ = to_bytes(serialize(ws::http2::upgrade_answer(*response, key_)));
  }
  co_return std::error_code{};
}

asio::awaitable<std::expected<std::size_t, std::error_code>> TunnelStream::read_some(std::span<std::byte> into) {
  if (!read_head_) {
    if (const auto error = co_await read_answer()) co_return std::unexpected(error);
  }
  if (head_in_.empty()) co_return co_await stream_->read_some(into);
  const std::size_t count = std::min(into.size(), head_in_.size() - taken_);
  std::memcpy(into.data(), head_in_.data() + taken_, count);
  taken_ += count;
  if (taken_ == head_in_.size()) head_in_ = {};
  co_return count;
}

std::error_code TunnelStream::send_request(ByteView octets) {
  const auto head = parse_request(octets, kLimits);
  if (!head) return broken_head();
  if (const Field* const key = find_field(head->fields, "Sec-WebSocket-Key")) key_ = key->value;
  Edited request{ws::http2::connect_request(*head, secure_), false};
  if (edit_) request = edit_(std::move(request.section));
  request_ = std::move(request.section);
  auto stream = session_->request(request_, request.ends);
  if (!stream) return stream.error();
  stream_ = std::move(*stream);
  session_.reset();
  opened_.notify_all();
  return {};
}

std::error_code TunnelStream::send_answer(ByteView octets) {
  const auto head = parse_response(octets, kLimits);
  if (!head) {
    stream_->reset_with(ErrorCode::internal_error);
    return broken_head();
  }
  // RFC 9110 15.2: the final answer is still to come.
  wrote_head_ = head->status == 101 || head->status >= 200;
  if (head->status == 101) stream_->becomes_tunnel();
  Edited answer{ws::http2::tunnel_answer(*head), false};
  if (edit_ && wrote_head_) answer = edit_(std::move(answer.section));
  stream_->answer(answer.section, answer.ends);
  return {};
}

asio::awaitable<std::error_code> TunnelStream::write(ByteView octets) {
  if (closed_) co_return make_error_code(asio::error::operation_aborted);
  if (wrote_head_) co_return co_await stream_->write(octets);
  append(head_out_, octets);
  while (!wrote_head_) {
    const auto end = head_end(head_out_, kLimits);
    if (!end) co_return broken_head();
    if (!*end) co_return std::error_code{};
    const auto size = static_cast<std::ptrdiff_t>(**end);
    const Bytes head(head_out_.begin(), head_out_.begin() + size);
    head_out_.erase(head_out_.begin(), head_out_.begin() + size);
    wrote_head_ = true;
    if (const auto error = role_ == Role::client ? send_request(head) : send_answer(head)) co_return error;
  }
  const Bytes rest = std::exchange(head_out_, {});
  if (rest.empty()) co_return std::error_code{};
  co_return co_await stream_->write(rest);
}

asio::awaitable<std::error_code> TunnelStream::shutdown_send() {
  if (!stream_ || !wrote_head_) {
    close();
    co_return std::error_code{};
  }
  co_return co_await stream_->shutdown_send();
}

void TunnelStream::reset() noexcept {
  closed_ = true;
  if (stream_) stream_->reset();
  opened_.notify_all();
}

void TunnelStream::close() noexcept {
  closed_ = true;
  if (stream_) stream_->close();
  opened_.notify_all();
}

}  // namespace ws::io::http2
