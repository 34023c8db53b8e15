// echo_server.cc - the server that sends every message back, on one executor or in threads.
#include <ws/io/serve/echo_server.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <limits>

namespace ws::io {

namespace {

// A refusal means that our Close is out: the answer has no place any more (RFC 6455 5.5.1).
template <class Message>
std::optional<Command> answer_to(const Message& message) {
  if (const auto* const text = std::get_if<event::Text>(&message)) return command::Text{text->data};
  if (const auto* const binary = std::get_if<event::Binary>(&message)) return command::Binary{binary->data};
  return std::nullopt;
}

}  // namespace

asio::awaitable<std::expected<Ended, std::error_code>> echo(WebSocket& socket) {
  while (true) {
    auto received = co_await socket.read();
    if (!received) co_return std::unexpected(received.error());
    // Everything that came at once goes out at once.
    for (std::optional<Received> one = std::move(*received); one; one = socket.next()) {
      if (auto* const ended = std::get_if<Ended>(&*one)) co_return std::move(*ended);
      if (const auto answer = answer_to(*one)) (void)socket.queue(*answer);
      one.reset();  // a large message is not kept while its echo waits
      if (socket.queued() > kHighWater) (void)co_await socket.drain();
    }
  }
}

std::expected<std::unique_ptr<Service>, std::string> start_echo(asio::any_io_executor executor, EchoOptions wanted) {
  ServiceOptions options;
  options.listen = std::move(wanted.listen);
  options.http = wanted.http;
  options.accept = std::move(wanted.accept);
  options.max_connections = wanted.max_connections;
  options.drain = wanted.drain;
  // An endpoint under test: what it does with a peer is what the peer's octets ask for, and nothing else.
  options.max_per_address = 0;
  options.max_memory = std::numeric_limits<std::size_t>::max();
  options.idle = kNoLimit;
  if (wanted.direct) {
    options.direct = [](Connection& connection, const MessageView& message) {
      if (message.is_text)
        (void)connection.submit(command::Text{as_text(message.data)});
      else
        (void)connection.submit(command::Binary{message.data});
    };
  }
  return Service::start(executor, std::move(options), [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
    (void)co_await echo(*socket);
  });
}

struct EchoServer::Worker {
  asio::io_context context{1};
  std::unique_ptr<Service> service;
  std::thread thread;
};

EchoServer::EchoServer() = default;
EchoServer::~EchoServer() { stop(); }

std::expected<std::unique_ptr<EchoServer>, std::string> EchoServer::start(EchoOptions options, unsigned threads) {
  std::unique_ptr<EchoServer> server(new EchoServer);
  // Each thread has its own listener and connections, so that nothing is shared.
  options.listen.share_port = threads > 1;
  for (unsigned i = 0; i < std::max(threads, 1u); ++i) {
    auto worker = std::make_unique<Worker>();
    auto service = start_echo(worker->context.get_executor(), options);
    if (!service) return std::unexpected(std::move(service.error()));
    worker->service = std::move(*service);
    options.listen.port = worker->service->port();
    server->workers_.push_back(std::move(worker));
  }
  for (auto& worker : server->workers_) {
    worker->thread = std::thread([&context = worker->context] { context.run(); });
  }
  return server;
}

std::uint16_t EchoServer::port() const noexcept { return workers_.front()->service->port(); }

void EchoServer::stop() {
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) asio::co_spawn(worker->context, worker->service->stop(), asio::detached);
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

}  // namespace ws::io
