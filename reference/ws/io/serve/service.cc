#include <ws/io/serve/service.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <optional>
#include <set>
#include <utility>

namespace ws::io {

namespace {
constexpr const char* kLastWords = "the server stops";
}

struct Service::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& given, ServiceOptions wanted, Handler handle)
      : options(std::move(wanted)), handler(std::move(handle)), executor(given), changed(given) {
    if (options.direct) direct.emplace(given, options.direct, [this] { changed.notify_all(); });
  }

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<bool> adopted(std::shared_ptr<Impl> self, WebSocket& socket);
  static asio::awaitable<void> converse(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket);
  static asio::awaitable<void> go_away(std::shared_ptr<WebSocket> socket);
  void stop_accepting();
  void drop_all();
  [[nodiscard]] std::size_t conversations() const noexcept { return open.size() + (direct ? direct->size() : 0); }
  [[nodiscard]] std::size_t connections() const noexcept { return served + (direct ? direct->size() : 0); }

  ServiceOptions options;
  Handler handler;
  asio::any_io_executor executor;
  std::unique_ptr<Listener> listener;
  std::set<Stream*> opening;  // in their opening handshake
  std::set<std::shared_ptr<WebSocket>> open;
  std::size_t served = 0;  // coroutines in serve()
  bool stopping = false;
  Signal changed;  // connections() fell
  std::optional<DirectSockets> direct;
};

asio::awaitable<void> Service::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (!self->stopping) {
    if (self->connections() >= self->options.max_connections) {
      if (co_await self->changed.wait()) co_return;
      continue;
    }
    auto stream = co_await self->listener->accept();
    if (!stream) co_return;
    ++self->served;
    asio::co_spawn(self->executor, serve(self, std::move(*stream)), [self](std::exception_ptr) {
      // An exception of the answer hook ends this connection only.
      --self->served;
      self->changed.notify_all();
    });
  }
}

asio::awaitable<void> Service::Impl::serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  Stream* const raw = stream.get();
  self->opening.insert(raw);
  auto accepted = co_await accept(std::move(stream), self->options.accept);
  self->opening.erase(raw);
  if (!accepted || self->stopping) co_return;
  const auto socket = std::make_shared<WebSocket>(std::move(*accepted));
  if (self->direct && co_await adopted(self, *socket)) co_return;
  self->open.insert(socket);
  co_await converse(self, socket);
  self->open.erase(socket);
}

asio::awaitable<bool> Service::Impl::adopted(std::shared_ptr<Impl> self, WebSocket& socket) {
  if (co_await socket.drain(0)) co_return false;  // the 101
  const bool taken = co_await self->direct->adopt(socket);
  if (taken && self->stopping) self->direct->close(close_code::kGoingAway, kLastWords);  // stop() came too early for it
  co_return taken;
}

asio::awaitable<void> Service::Impl::converse(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket) {
  bool failed = false;
  try {
    co_await self->handler(socket);
  } catch (...) {
    failed = true;
  }
  constexpr long kOurs = 3;  // in `open`, in serve(), here
  if (socket.use_count() > kOurs && !failed) co_return;
  (void)co_await socket->close(failed ? close_code::kInternalError : close_code::kNormal);
}

asio::awaitable<void> Service::Impl::go_away(std::shared_ptr<WebSocket> socket) {
  (void)co_await socket->close(close_code::kGoingAway, kLastWords);
}

void Service::Impl::stop_accepting() {
  stopping = true;
  listener->close();
  for (Stream* const stream : opening) stream->close();  // nothing was promised to these yet
  changed.notify_all();                                  // accept_all() may wait for room
}

void Service::Impl::drop_all() {
  for (const auto& socket : open) socket->drop();
  if (direct) direct->drop();
}

Service::Service(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Service::~Service() {
  impl_->stop_accepting();
  impl_->drop_all();
}

std::expected<std::unique_ptr<Service>, std::string> Service::start(asio::any_io_executor executor,
                                                                    ServiceOptions options, Handler handler) {
  auto listener = Listener::open(executor, options.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  const auto impl = std::make_shared<Impl>(executor, std::move(options), std::move(handler));
  impl->listener = std::move(*listener);
  asio::co_spawn(executor, Impl::accept_all(impl), asio::detached);
  return std::unique_ptr<Service>(new Service(impl));
}

std::uint16_t Service::port() const noexcept { return impl_->listener->port(); }
std::size_t Service::connections() const noexcept { return impl_->connections(); }

asio::awaitable<Stopped> Service::stop() {
  const auto self = impl_;
  self->stop_accepting();
  for (const auto& socket : self->open) asio::co_spawn(self->executor, Impl::go_away(socket), asio::detached);
  if (self->direct) self->direct->close(close_code::kGoingAway, kLastWords);
  Stopped stopped;
  const std::size_t before = self->conversations();
  const auto until = deadline_after(self->options.drain);
  while (self->connections() != 0) {
    if (co_await self->changed.wait(until)) break;
  }
  stopped.dropped = self->conversations();
  stopped.closed = before - stopped.dropped;
  self->drop_all();
  co_return stopped;
}

asio::awaitable<std::expected<int, std::error_code>> wait_for_signal(std::vector<int> signals) {
  asio::signal_set set(co_await asio::this_coro::executor);
  if (signals.empty()) signals.assign({SIGINT, SIGTERM});
  for (const int signal : signals) set.add(signal);
  std::error_code error;
  const int signal = co_await set.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(error);
  co_return signal;
}

}  // namespace ws::io
