// dial_unix.cc - connecting to a Unix socket.
#include <sys/un.h>
#include <ws/io/net/dial_tcp.h>
#include <ws/io/net/stream_socket.h>

#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace ws::io {

asio::awaitable<Dialed> dial_unix(std::string path, Clock::time_point deadline) {
  const std::string what = "connect to unix:" + path + ": ";
  std::error_code error;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    error = make_error_code(asio::error::name_too_long);
    co_return std::unexpected(DialError{DialStage::connect, error, what + "the path is too long"});
  }
  asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor);
  const Watchdog watchdog(socket.get_executor(), deadline, [&socket] {
    std::error_code ignored;
    socket.close(ignored);
  });
  const asio::local::stream_protocol::endpoint endpoint(path);
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (watchdog.fired()) error = asio::error::timed_out;
  if (error) co_return std::unexpected(DialError{DialStage::connect, error, what + error.message()});
  co_return std::make_unique<SocketStream>(std::move(socket));
}

}  // namespace ws::io
