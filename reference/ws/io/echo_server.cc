#include <ws/io/direct_sockets.h>
#include <ws/io/echo_server.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <set>

namespace ws::io {

namespace {

constexpr const char* kLastWords = "the server stops";

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

struct EchoService::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& given, EchoOptions wanted)
      : options(std::move(wanted)),
        executor(given),
        changed(given),
        direct(given, [](Connection& connection, Event& message) { (void)connection.submit(*answer_to(message)); },
               [this] { changed.notify_all(); }) {}

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<bool> adopted(std::shared_ptr<Impl> self, WebSocket& socket);
  static asio::awaitable<void> go_away(std::shared_ptr<WebSocket> socket);
  void stop_accepting();
  void drop_all();

  EchoOptions options;
  asio::any_io_executor executor;
  std::unique_ptr<Listener> listener;
  std::set<Stream*> opening;  // in their opening handshake
  std::set<std::shared_ptr<WebSocket>> open;
  std::size_t served = 0;  // coroutines in serve()
  bool stopping = false;
  Signal changed;  // connections() fell
  DirectSockets direct;
  [[nodiscard]] std::size_t connections() const noexcept { return served + direct.size(); }
};

asio::awaitable<void> EchoService::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (!self->stopping) {
    if (self->connections() >= self->options.max_connections) {
      if (co_await self->changed.wait()) co_return;
      continue;
    }
    auto stream = co_await self->listener->accept();
    if (!stream) co_return;
    ++self->served;
    asio::co_spawn(self->executor, serve(self, std::move(*stream)), [self](std::exception_ptr) {
      // An exception (no memory) ends this connection only.
      --self->served;
      self->changed.notify_all();
    });
  }
}

asio::awaitable<void> EchoService::Impl::serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  Stream* const raw = stream.get();
  self->opening.insert(raw);
  auto accepted = co_await accept(std::move(stream), self->options.accept);
  self->opening.erase(raw);
  if (!accepted || self->stopping) co_return;
  const auto socket = std::make_shared<WebSocket>(std::move(*accepted));
  if (self->options.direct && co_await adopted(self, *socket)) co_return;
  self->open.insert(socket);
  (void)co_await echo(*socket);
  self->open.erase(socket);
}

asio::awaitable<bool> EchoService::Impl::adopted(std::shared_ptr<Impl> self, WebSocket& socket) {
  if (co_await socket.drain(0)) co_return false;  // the 101
  const bool taken = co_await self->direct.adopt(socket);
  if (taken && self->stopping) self->direct.close(close_code::kGoingAway, kLastWords);  // stop() came too early for it
  co_return taken;
}

asio::awaitable<void> EchoService::Impl::go_away(std::shared_ptr<WebSocket> socket) {
  (void)co_await socket->close(close_code::kGoingAway, kLastWords);
}

void EchoService::Impl::stop_accepting() {
  stopping = true;
  listener->close();
  for (Stream* const stream : opening) stream->close();  // nothing was promised to these yet
  changed.notify_all();                                  // accept_all() may wait for room
}

void EchoService::Impl::drop_all() {
  for (const auto& socket : open) socket->drop();
  direct.drop();
}

EchoService::EchoService(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

EchoService::~EchoService() {
  impl_->stop_accepting();
  impl_->drop_all();
}

std::expected<std::unique_ptr<EchoService>, std::string> EchoService::start(asio::any_io_executor executor,
                                                                            EchoOptions options) {
  auto listener = Listener::open(executor, options.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  const auto impl = std::make_shared<Impl>(executor, std::move(options));
  impl->listener = std::move(*listener);
  asio::co_spawn(executor, Impl::accept_all(impl), asio::detached);
  return std::unique_ptr<EchoService>(new EchoService(impl));
}

std::uint16_t EchoService::port() const noexcept { return impl_->listener->port(); }
std::size_t EchoService::connections() const noexcept { return impl_->connections(); }

asio::awaitable<void> EchoService::stop() {
  const auto self = impl_;
  self->stop_accepting();
  for (const auto& socket : self->open) asio::co_spawn(self->executor, Impl::go_away(socket), asio::detached);
  self->direct.close(close_code::kGoingAway, kLastWords);
  const auto until = deadline_after(self->options.drain);
  while (self->connections() != 0) {
    if (co_await self->changed.wait(until)) break;
  }
  self->drop_all();
}

struct EchoServer::Worker {
  asio::io_context context{1};
  std::unique_ptr<EchoService> service;
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
    auto service = EchoService::start(worker->context.get_executor(), options);
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
