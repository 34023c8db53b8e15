// byte_stream.cc - a Stream out of messages.
#include <ws/io/byte_stream.h>

#include <algorithm>

namespace ws::io {
namespace {

std::error_code end_of_stream(const Ended& ended) {
  if (!ended.clean) return ended.error ? ended.error : make_error_code(asio::error::connection_reset);
  const bool in_order =
      ended.code == close_code::kNormal || ended.code == close_code::kGoingAway || ended.code == close_code::kNoStatus;
  return in_order ? make_error_code(asio::error::eof) : make_error_code(asio::error::connection_aborted);
}

}  // namespace

asio::awaitable<std::expected<std::size_t, std::error_code>> ByteStream::read_some(std::span<std::byte> into) {
  while (taken_ == rest_.size()) {
    auto received = co_await socket_.read_piece();
    if (!received) co_return std::unexpected(received.error());
    if (const auto* const ended = std::get_if<Ended>(&*received)) co_return std::unexpected(end_of_stream(*ended));
    auto& piece = std::get<MessagePiece>(*received);
    if (piece.is_text != (kind_ == Kind::text)) {
      (void)socket_.queue(command::Close{CloseReason{close_code::kUnsupportedData, {}}});
      co_return std::unexpected(make_error_code(UseError::wrong_kind));
    }
    rest_ = std::move(piece.data);
    taken_ = 0;
  }
  const std::size_t count = std::min(into.size(), rest_.size() - taken_);
  std::copy_n(rest_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
  taken_ += count;
  co_return count;
}

asio::awaitable<std::error_code> ByteStream::write(ByteView octets) {
  if (octets.empty()) co_return std::error_code{};
  if (kind_ == Kind::text) co_return co_await socket_.write_text(to_string(octets));
  co_return co_await socket_.write_binary(to_bytes(octets));
}

asio::awaitable<ByteStream::Count> ByteStream::write_all(ByteView octets) {
  if (const auto error = co_await write(octets)) co_return std::unexpected(error);
  co_return octets.size();
}

asio::awaitable<std::error_code> ByteStream::shutdown_send() {
  (void)socket_.queue(command::Close{CloseReason{}});  // refused when one is out already
  co_return co_await socket_.drain(0);
}

void ByteStream::reset() noexcept {
  socket_.stream().reset();
  socket_.drop();
}

}  // namespace ws::io
