// stream_socket.cc - TCP and Unix sockets as Streams.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <ws/io/net/stream_socket.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <cstring>

namespace ws::io {
namespace {

// What an operation on a socket that close() took away says, whether it was under way or came later.
std::error_code normalized(const std::error_code& error) {
  return error == asio::error::bad_descriptor ? make_error_code(asio::error::operation_aborted) : error;
}

asio::ip::tcp::endpoint as_tcp(const asio::generic::stream_protocol::endpoint& endpoint) {
  asio::ip::tcp::endpoint tcp;
  tcp.resize(endpoint.size());
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  return tcp;
}

}  // namespace

std::unique_ptr<Stream> stream_of(asio::any_io_executor executor, int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  SocketStream::Socket socket(executor);
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const std::error_code error(errno, std::system_category());
    ::close(descriptor);
    throw std::system_error(error, "a stream of descriptor " + std::to_string(descriptor));
  }
  const int protocol = address.ss_family == AF_UNIX ? 0 : static_cast<int>(IPPROTO_TCP);
  socket.assign(asio::generic::stream_protocol(address.ss_family, protocol), descriptor);
  return std::make_unique<SocketStream>(std::move(socket));
}

SocketStream::SocketStream(Socket socket) : socket_(std::move(socket)) {
  // Frames are written whole, so that waiting for more (RFC 896) only adds latency.
  std::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<std::expected<std::size_t, std::error_code>> SocketStream::read_some(std::span<std::byte> into) {
  std::error_code error;
  if (ended_ && socket_.is_open()) {
    error = asio::error::eof;
  } else {
    const std::size_t count = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                                               asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return count;
    ended_ = error == asio::error::eof;
  }
  // The kernel tells of a reset once. When a write took the news, the read sees a mere end of input.
  if (error == asio::error::eof && reset_by_peer_) error = asio::error::connection_reset;
  co_return std::unexpected(normalized(error));
}

asio::awaitable<std::error_code> SocketStream::write(ByteView octets) {
  std::error_code error;
  co_await asio::async_write(socket_, asio::buffer(octets.data(), octets.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::connection_reset) reset_by_peer_ = true;
  co_return normalized(error);
}

asio::awaitable<std::error_code> SocketStream::shutdown_send() {
  std::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  co_return normalized(error);
}

void SocketStream::reset() noexcept {
  std::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void SocketStream::close() noexcept {
  std::error_code ignored;
  socket_.close(ignored);
}

int SocketStream::release() noexcept {
  std::error_code error;
  const int descriptor = socket_.release(error);
  return error ? -1 : descriptor;
}

std::size_t SocketStream::write_now(ByteView octets) noexcept {
  if (!socket_.is_open()) return 0;
  const auto sent = ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno == ECONNRESET) reset_by_peer_ = true;  // write() is not told again
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

PeerAddress SocketStream::peer_address() const {
  std::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error || endpoint.protocol().family() == AF_UNIX) return {};
  const auto tcp = as_tcp(endpoint);
  return {tcp.address().to_string(), tcp.port()};
}

std::string SocketStream::peer() const {
  std::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return "a peer that is gone";
  if (endpoint.protocol().family() == AF_UNIX) {
    const auto* const address = reinterpret_cast<const sockaddr_un*>(endpoint.data());
    const auto room = endpoint.size() - offsetof(sockaddr_un, sun_path);
    return "unix:" + std::string(address->sun_path, ::strnlen(address->sun_path, room));
  }
  const auto tcp = as_tcp(endpoint);
  return tcp.address().to_string() + " port " + std::to_string(tcp.port());
}

}  // namespace ws::io
