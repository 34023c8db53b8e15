#include <sys/socket.h>
#include <ws/io/stream_tcp.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace ws::io {
namespace {

// What an operation on a socket that close() took away says, whether it was under way or came later.
std::error_code normalized(const std::error_code& error) {
  return error == asio::error::bad_descriptor ? make_error_code(asio::error::operation_aborted) : error;
}

}  // namespace

TcpStream::TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  // Frames are written whole, so that waiting for more (RFC 896) only adds latency.
  std::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<std::expected<std::size_t, std::error_code>> TcpStream::read_some(std::span<std::byte> into) {
  std::error_code error;
  const std::size_t count = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                                             asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return count;
  // The kernel tells of a reset once. When a write took the news, the read sees a mere end of input.
  if (error == asio::error::eof && reset_by_peer_) error = asio::error::connection_reset;
  co_return std::unexpected(normalized(error));
}

asio::awaitable<std::error_code> TcpStream::write(ByteView octets) {
  std::error_code error;
  co_await asio::async_write(socket_, asio::buffer(octets.data(), octets.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::connection_reset) reset_by_peer_ = true;
  co_return normalized(error);
}

asio::awaitable<std::error_code> TcpStream::shutdown_send() {
  std::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  co_return normalized(error);
}

void TcpStream::reset() noexcept {
  std::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void TcpStream::close() noexcept {
  std::error_code ignored;
  socket_.close(ignored);
}

void TcpStream::write_without_waiting(ByteView octets) noexcept {
  if (socket_.is_open()) ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace ws::io
