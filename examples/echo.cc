#include <ws/io/serve/service.h>
#include <asio.hpp>

#include <cstdio>

asio::awaitable<void> echo(std::shared_ptr<ws::io::WebSocket> socket) {  // a server says everything back
  while (auto received = co_await socket->read()) {
    auto* text = std::get_if<ws::event::Text>(&*received);
    if (text == nullptr || co_await socket->write_text(text->data)) break;
  }
}

asio::awaitable<void> talk(ws::io::Service& service) {  // a client says hello
  auto socket = co_await ws::io::connect({"127.0.0.1", service.port()});
  if (!socket || co_await socket->write_text("hello")) co_return;
  if (auto answer = co_await socket->read(std::chrono::seconds(5)))
    std::puts(std::get<ws::event::Text>(*answer).data.c_str());
  (void)co_await socket->close();
  (void)co_await service.stop();
}

int main() {
  asio::io_context context;
  auto service = ws::io::Service::start(context.get_executor(), {}, echo).value();
  asio::co_spawn(context, talk(*service), asio::detached);
  context.run();
}
