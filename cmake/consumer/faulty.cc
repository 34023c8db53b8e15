// A client against a server that sets RSV3: the strict client must notice. RFC 6455 5.2.
#include <ws/io/websocket.h>
#include <ws/testing/faults/deviant_endpoints.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace {

asio::awaitable<void> meet(std::uint16_t port) {
  const ws::Url url("127.0.0.1", port);
  const ws::io::ConnectOptions options;
  auto socket = co_await ws::io::connect(url, options);
  if (!socket) throw std::runtime_error(socket.error().text);
  if (const std::error_code error = co_await socket->write_text("hello")) throw std::system_error(error);
  const auto answer = co_await socket->read(std::chrono::seconds(10));
  const auto* ended = answer ? std::get_if<ws::io::Ended>(&*answer) : nullptr;
  if (ended == nullptr || !ended->violation) throw std::runtime_error("the fault was overlooked");
  std::puts(ws::rule(*ended->violation).name.data());
}

}  // namespace

int main() {
  const auto server = ws::testing::DeviantServer::start(ws::testing::Fault::sends_rsv3, {});
  if (!server) {
    std::puts(server.error().c_str());
    return 1;
  }
  asio::io_context context;
  asio::co_spawn(context, meet((*server)->port()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
}
