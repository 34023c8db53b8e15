// A server and a client on loopback: one message there and back, and the closing handshake.
#include <ws/io/serve/echo_server.h>
#include <ws/io/websocket.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace {

asio::awaitable<void> talk(std::uint16_t port) {
  const ws::Url url("127.0.0.1", port);
  const ws::io::ConnectOptions options;
  auto socket = co_await ws::io::connect(url, options);
  if (!socket) throw std::runtime_error(socket.error().text);
  if (const std::error_code error = co_await socket->write_text("hello")) throw std::system_error(error);
  const auto answer = co_await socket->read(std::chrono::seconds(10));
  if (!answer || !std::holds_alternative<ws::event::Text>(*answer)) throw std::runtime_error("no answer");
  std::puts(std::get<ws::event::Text>(*answer).data.c_str());
  const auto ended = co_await socket->close();
  if (!ended || !ended->clean) throw std::runtime_error("no clean end");
}

}  // namespace

int main() {
  const auto server = ws::io::EchoServer::start({});
  if (!server) {
    std::puts(server.error().c_str());
    return 1;
  }
  asio::io_context context;
  asio::co_spawn(context, talk((*server)->port()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
}
