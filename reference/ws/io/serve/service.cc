// service.cc - from accepted streams to handlers, and the way to the end.
#include <ws/io/http2/serve.h>
#include <ws/io/serve/service.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace ws::io {

namespace {
constexpr const char* kLastWords = "the server stops";

// Who shares a limit: an IPv4 address; of IPv6 the /64, of which one customer has all.
std::string network_of(const std::string& address) {
  std::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error || !parsed.is_v6()) return address;
  if (parsed.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, parsed.to_v6()).to_string();
  auto octets = parsed.to_v6().to_bytes();
  std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
  return asio::ip::make_address_v6(octets).to_string();
}

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
      : options(std::move(wanted)), handler(std::move(handle)), executor(given), changed(given), stopped(given) {
    if (!options.accept.account) {
      options.accept.account = std::make_shared<Account>();
      options.accept.account->most = options.max_memory;
    }
    if (options.direct)
      direct.emplace(
          given, options.direct, [this] { changed.notify_all(); },
          [this](std::exception_ptr thrown) { tell_exception(std::move(thrown), "a connection of the fast way"); });
  }

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> drop_silent_ones(std::shared_ptr<Impl> self);
  void watch_listener();
  std::shared_ptr<void> admit(const PeerAddress& peer);
  void tell_failure(const OpenError& error) noexcept;
  void tell_exception(std::exception_ptr thrown, const std::string& peer) noexcept;
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<void> serve_any_http(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<void> serve_http2(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static asio::awaitable<void> serve_stream(std::shared_ptr<Impl> self, std::unique_ptr<http2::Http2Stream> stream);
  void start_serving(asio::awaitable<void> one, std::string peer, std::function<void()> ended);
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
  std::set<std::shared_ptr<http2::Session>> sessions;
  std::set<std::shared_ptr<WebSocket>> open;
  std::set<std::weak_ptr<WebSocket>, std::owner_less<>> handed_over;  // by a handler that ended, to somebody else
  std::size_t served = 0;                                             // coroutines in serve()
  bool stopping = false;
  Signal changed;  // connections() fell
  Signal stopped;  // `stopping`
  ServiceCounters counters;
  std::shared_ptr<std::map<std::string, std::size_t>> by_address =
      std::make_shared<std::map<std::string, std::size_t>>();
  std::optional<DirectSockets> direct;
};

// Before the listener is opened: it asks us for each client, and says which did not get through TLS.
void Service::Impl::watch_listener() {
  ListenOptions& listen = options.listen;
  if (options.max_per_address != 0) {
    listen.admit = [self = weak_from_this(), theirs = listen.admit](const PeerAddress& peer) -> std::shared_ptr<void> {
      const auto alive = self.lock();
      if (!alive) return nullptr;
      const std::shared_ptr<void> first = theirs ? theirs(peer) : alive->by_address;
      const std::shared_ptr<void> second = first ? alive->admit(peer) : nullptr;
      if (!second) return nullptr;
      return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(first, second);
    };
  }
  listen.on_tls_failure = [self = weak_from_this(), theirs = listen.on_tls_failure](const DialError& error) {
    if (theirs) theirs(error);
    const auto alive = self.lock();
    if (!alive) return;
    ++alive->counters.failed;
    alive->tell_failure({.stage = error.stage, .code = error.code, .text = error.text});
  };
}

std::shared_ptr<void> Service::Impl::admit(const PeerAddress& peer) {
  if (peer.address.empty()) return by_address;  // a Unix socket
  const std::string key = network_of(peer.address);
  std::size_t& there = (*by_address)[key];
  if (there >= options.max_per_address) {
    ++counters.refused_by_address;
    return nullptr;
  }
  ++there;
  return {by_address.get(), [all = by_address, key](void*) {
            if (const auto found = all->find(key); --found->second == 0) all->erase(found);
          }};
}

void Service::Impl::tell_failure(const OpenError& error) noexcept {
  try {
    if (options.on_failed_opening) options.on_failed_opening(error);
  } catch (...) {  // NOLINT(bugprone-empty-catch): as promised, what it throws harms nobody
  }
}

void Service::Impl::tell_exception(std::exception_ptr thrown, const std::string& peer) noexcept {
  ++counters.exceptions;
  try {
    if (options.on_exception) options.on_exception(std::move(thrown), peer);
  } catch (...) {  // NOLINT(bugprone-empty-catch): as promised, what it throws harms nobody
  }
}

// In eight steps, so that nobody waits much longer than the limit.
asio::awaitable<void> Service::Impl::drop_silent_ones(std::shared_ptr<Impl> self) {
  constexpr unsigned kSteps = 8;
  const auto step = std::max(self->options.idle / kSteps, std::chrono::milliseconds(1));
  while (!self->stopping) {
    (void)co_await self->stopped.wait(deadline_after(step));
    if (self->stopping) co_return;
    for (const auto& socket : self->sockets()) {
      if (socket->impl_->still_silent(kSteps / 2, kSteps)) ++self->counters.idle_dropped;
    }
    if (self->direct) self->counters.idle_dropped += self->direct->sweep(kSteps / 2, kSteps);
  }
}

asio::awaitable<void> Service::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (!self->stopping) {
    if (self->connections() >= self->options.max_connections) {
      if (co_await self->changed.wait()) co_return;
      continue;
    }
    auto stream = co_await self->listener->accept();
    if (!stream) co_return;
    ++self->counters.accepted;
    std::string peer = (*stream)->peer();
    self->start_serving(
        self->options.http == Http::one ? serve(self, std::move(*stream)) : serve_any_http(self, std::move(*stream)),
        std::move(peer), {});
  }
}

void Service::Impl::start_serving(asio::awaitable<void> one, std::string peer, std::function<void()> ended) {
  ++served;
  asio::co_spawn(executor, std::move(one),
                 [self = shared_from_this(), peer = std::move(peer), ended = std::move(ended)](std::exception_ptr e) {
                   // An exception of AcceptOptions::answer ends this connection only.
                   if (e) self->tell_exception(std::move(e), peer);
                   --self->served;
                   if (ended) ended();
                   self->changed.notify_all();
                 });
}

asio::awaitable<void> Service::Impl::serve_any_http(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  Stream* const arriving = stream.get();
  std::optional<Listed<std::set<Stream*>>> opening(std::in_place, self->opening, arriving);
  std::optional<Watchdog> late(std::in_place, self->executor,
                               deadline_after(self->options.accept.connection.limits.handshake),
                               [arriving] { arriving->close(); });
  auto detected = co_await http2::detect(std::move(stream));
  late.reset();
  opening.reset();
  if (!detected || self->stopping) co_return;
  if (detected->is_http2) {
    co_await serve_http2(self, std::move(detected->stream));
  } else if (self->options.http == Http::either) {
    co_await serve(self, std::move(detected->stream));
  }
}

asio::awaitable<void> Service::Impl::serve_http2(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  http2::SessionOptions options;
  options.role = Role::server;
  const auto session = http2::Session::start(std::move(stream), options);
  const Listed listed(self->sessions, session);
  const auto under_way = std::make_shared<std::size_t>(0);
  const auto close_when_done = [session, under_way, weak = std::weak_ptr(self)] {
    const auto service = weak.lock();
    if (--*under_way == 0 && (!service || service->stopping)) session->close();
  };
  while (true) {
    auto request = co_await session->accept();
    if (!request) co_return;
    if (self->connections() >= self->options.max_connections || self->stopping) {
      (*request)->reset_with(http2::ErrorCode::refused_stream);  // RFC 9113 8.7: it may be tried again
      continue;
    }
    ++*under_way;
    std::string peer = (*request)->peer();
    self->start_serving(serve_stream(self, std::move(*request)), std::move(peer), close_when_done);
  }
}

asio::awaitable<void> Service::Impl::serve_stream(std::shared_ptr<Impl> self,
                                                  std::unique_ptr<http2::Http2Stream> stream) {
  auto tunnel = co_await http2::tunnel_of(std::move(stream));
  if (tunnel) co_await serve(self, std::move(tunnel));
}

asio::awaitable<void> Service::Impl::serve(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  std::optional<Listed<std::set<Stream*>>> opening(std::in_place, self->opening, stream.get());
  auto accepted = co_await accept(std::move(stream), self->options.accept);
  opening.reset();
  if (!accepted) {
    const OpenError& error = accepted.error();
    ++(error.answered ? self->counters.http_answered : error.refused ? self->counters.refused : self->counters.failed);
    if (!error.answered) self->tell_failure(error);
    co_return;
  }
  ++self->counters.opened;
  if (self->stopping) co_return;
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
  std::exception_ptr thrown;
  try {
    co_await self->handler(socket);
  } catch (...) {
    thrown = std::current_exception();
  }
  const bool failed = thrown != nullptr;
  if (failed) self->tell_exception(std::move(thrown), socket->impl_->peer);
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
  stopped.notify_all();
  listener->close();
  for (Stream* const stream : opening) stream->close();  // nothing was promised to these yet
  for (const auto& session : sessions) session->go_away();
  changed.notify_all();  // accept_all() may wait for room
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
  for (const auto& session : sessions) session->close();
}

Service::Service(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Service::~Service() {
  impl_->stop_accepting();
  impl_->drop_all();
}

std::expected<std::unique_ptr<Service>, std::string> Service::start(asio::any_io_executor executor,
                                                                    ServiceOptions options, Handler handler) {
  if (options.listen.tls) options.listen.tls->http = options.http;
  const auto impl = std::make_shared<Impl>(executor, std::move(options), std::move(handler));
  impl->watch_listener();
  auto listener = Listener::open(executor, impl->options.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  impl->listener = std::move(*listener);
  asio::co_spawn(executor, Impl::accept_all(impl), asio::detached);
  if (impl->options.idle != kNoLimit) asio::co_spawn(executor, Impl::drop_silent_ones(impl), asio::detached);
  return std::unique_ptr<Service>(new Service(impl));
}

std::uint16_t Service::port() const noexcept { return impl_->listener->port(); }
std::size_t Service::connections() const noexcept { return impl_->connections(); }

ServiceCounters Service::counters() const {
  ServiceCounters counters = impl_->counters;
  counters.traffic = *impl_->options.accept.account;
  return counters;
}

std::expected<void, std::string> Service::use_certificate(const ServerTls& tls) {
  return impl_->listener->use_certificate(tls);
}

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
