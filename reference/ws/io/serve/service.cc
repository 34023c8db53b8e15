#include <ws/io/serve/service.h>
#include <ws/io/websocket_impl.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace ws::io {

namespace {
constexpr const char* kLastWords = "the server stops";

// In the set for as long as this lives, however that ends.
template <class Set>
class Listed {
 public:
  Listed(Set& set, Set::value_type value) : set_(set), value_(std::move(value)) { set_.insert(value_); }
  ~Listed() { set_.erase(value_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  Set& set_;
  const Set::value_type value_;
};

}  // namespace

struct Service::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& given, ServiceOptions wanted, Handler handle)
      : options(std::move(wanted)), handler(std::move(handle)), executor(given), changed(given) {
    if (options.direct) direct.emplace(given, options.direct, [this] { changed.notify_all(); });
  }

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<bool> adopted(std::shared_ptr<Impl> self, WebSocket& socket);
  static asio::awaitable<void> converse(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket);
  static asio::awaitable<void> look_after(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket);
  static asio::awaitable<Stopped> stop(std::shared_ptr<Impl> self);
  static asio::awaitable<void> go_away(std::shared_ptr<WebSocket> socket);
  void stop_accepting();
  void drop_all();
  [[nodiscard]] std::vector<std::shared_ptr<WebSocket>> sockets() const;  // of all but `direct`
  [[nodiscard]] std::size_t conversations() const noexcept {
    return open.size() + handed_over.size() + (direct ? direct->size() : 0);
  }
  [[nodiscard]] std::size_t connections() const noexcept { return served + (direct ? direct->size() : 0); }

  ServiceOptions options;
  Handler handler;
  asio::any_io_executor executor;
  std::unique_ptr<Listener> listener;
  std::set<Stream*> opening;  // in their opening handshake
  std::set<std::shared_ptr<WebSocket>> open;
  std::set<std::weak_ptr<WebSocket>, std::owner_less<>> handed_over;  // by a handler that ended, to somebody else
  std::size_t served = 0;                                             // coroutines in serve()
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
  std::optional<Listed<std::set<Stream*>>> opening(std::in_place, self->opening, stream.get());
  auto accepted = co_await accept(std::move(stream), self->options.accept);
  opening.reset();
  if (!accepted || self->stopping) co_return;
  auto socket = std::make_shared<WebSocket>(std::move(*accepted));
  if (self->direct && co_await adopted(self, *socket)) co_return;
  co_await converse(self, std::move(socket));
}

asio::awaitable<bool> Service::Impl::adopted(std::shared_ptr<Impl> self, WebSocket& socket) {
  if (co_await socket.drain(0)) co_return false;  // the 101
  const bool taken = co_await self->direct->adopt(socket);
  if (taken && self->stopping) self->direct->close(close_code::kGoingAway, kLastWords);  // stop() came too early for it
  co_return taken;
}

asio::awaitable<void> Service::Impl::converse(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket) {
  std::optional<Listed<std::set<std::shared_ptr<WebSocket>>>> listed(std::in_place, self->open, socket);
  bool failed = false;
  try {
    co_await self->handler(socket);
  } catch (...) {
    failed = true;
  }
  constexpr long kOurs = 3;  // in `open`, in its entry's guard, here
  if (failed || socket.use_count() <= kOurs) {
    (void)co_await socket->close(failed ? close_code::kInternalError : close_code::kNormal);
  } else {
    listed.reset();
    co_await look_after(self, std::move(socket));
  }
}

// Others have it now, and when the last of them lets go of it, it ends.
asio::awaitable<void> Service::Impl::look_after(std::shared_ptr<Impl> self, std::shared_ptr<WebSocket> socket) {
  const std::weak_ptr<WebSocket> theirs = socket;
  const Listed listed(self->handed_over, theirs);
  const auto impl = socket->impl_;
  socket.reset();
  co_await WebSocket::Impl::read_until_read(impl, theirs);
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

std::vector<std::shared_ptr<WebSocket>> Service::Impl::sockets() const {
  std::vector<std::shared_ptr<WebSocket>> all(open.begin(), open.end());
  for (const auto& theirs : handed_over)
    if (auto socket = theirs.lock()) all.push_back(std::move(socket));
  return all;
}

void Service::Impl::drop_all() {
  for (const auto& socket : sockets()) socket->drop();
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

asio::awaitable<Stopped> Service::stop() { return Impl::stop(impl_); }

asio::awaitable<Stopped> Service::Impl::stop(std::shared_ptr<Impl> self) {
  self->stop_accepting();
  for (const auto& socket : self->sockets()) asio::co_spawn(self->executor, Impl::go_away(socket), asio::detached);
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
