// listener.cc - accepting sockets, with TLS handshakes beside each other.
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <ws/io/net/listener.h>
#include <ws/io/net/stream_socket.h>
#include <ws/io/net/stream_tls.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cstring>
#include <deque>
#include <set>
#include <utility>

namespace ws::io {
namespace {

using asio::generic::stream_protocol;
using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<stream_protocol>;

constexpr std::size_t kMaxHandshakes = 1024;               // TLS handshakes under way and their finished streams
constexpr std::chrono::milliseconds kExhaustedPause{100};  // until descriptors may be free again

// Whether the file is a Unix socket that nobody listens on any more: it refuses, as files of other kinds do, too.
bool is_left_over(const asio::any_io_executor& executor, const std::string& path) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  std::error_code error;
  asio::local::stream_protocol::socket socket(executor);
  socket.connect(asio::local::stream_protocol::endpoint(path), error);
  return error == asio::error::connection_refused;
}

std::expected<tcp::endpoint, std::string> resolve(const asio::any_io_executor& executor, const std::string& host,
                                                  std::uint16_t port) {
  std::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, port);
  tcp::resolver resolver(executor);
  const auto results = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || results.empty()) return std::unexpected("resolve " + host + ": " + error.message());
  return results.begin()->endpoint();
}

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& executor, ListenOptions given)
      : options(std::move(given)), acceptor(executor), changed(executor) {}

  std::error_code bind(const stream_protocol::endpoint& endpoint);
  std::error_code bind_unix();
  void close() noexcept;

  // One client, without TLS. Survives everything but close().
  using Accepted = std::expected<std::unique_ptr<SocketStream>, std::error_code>;
  static asio::awaitable<Accepted> accept_plain(std::shared_ptr<Impl> self);
  // Fills `ready` with clients whose TLS handshake is done.
  static asio::awaitable<void> accept_tls(std::shared_ptr<Impl> self);
  static asio::awaitable<void> secure(std::shared_ptr<Impl> self, std::unique_ptr<TlsStream> stream);

  ListenOptions options;
  SslContextPtr context;
  Acceptor acceptor;
  std::uint16_t port = 0;
  bool bound_unix = false;  // the file is ours to remove
  bool started = false;     // accept_tls
  std::set<TlsStream*> handshakes;
  std::deque<std::unique_ptr<Stream>> ready;
  Signal changed;
};

std::error_code Listener::Impl::bind(const stream_protocol::endpoint& endpoint) {
  std::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(Acceptor::reuse_address(true), error);
  if (options.share_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor.set_option(ReusePort(true), error);
    if (error) return error;
  }
  acceptor.bind(endpoint, error);
  if (error) return error;
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

std::error_code Listener::Impl::bind_unix() {
  const std::string& path = options.unix_path;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return make_error_code(asio::error::name_too_long);
  const asio::local::stream_protocol::endpoint endpoint(path);
  auto error = bind(endpoint);
  if (error == asio::error::address_in_use && is_left_over(acceptor.get_executor(), path)) {
    std::error_code ignored;
    acceptor.close(ignored);
    ::unlink(path.c_str());
    error = bind(endpoint);
  }
  bound_unix = !error;
  return error;
}

void Listener::Impl::close() noexcept {
  std::error_code ignored;
  acceptor.close(ignored);
  if (std::exchange(bound_unix, false)) ::unlink(options.unix_path.c_str());
  for (TlsStream* const stream : handshakes) stream->close();
  ready.clear();
  changed.notify_all();
}

asio::awaitable<Listener::Impl::Accepted> Listener::Impl::accept_plain(std::shared_ptr<Impl> self) {
  while (self->acceptor.is_open()) {
    std::error_code error;
    auto socket = co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      auto stream = std::make_unique<SocketStream>(std::move(socket));
      if (!self->options.admit) co_return stream;
      auto ticket = self->options.admit(stream->peer_address());
      if (!ticket) continue;
      stream->attach(std::move(ticket));
      co_return stream;
    }
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
    if (error == asio::error::connection_aborted) continue;  // the client was faster
    // Out of descriptors or memory: the client waits in the queue until connections end. Trying again at once
    // would spin. Other errors (accept(2) hands on those of the network) pass, too.
    asio::steady_timer pause(self->acceptor.get_executor(), kExhaustedPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  co_return std::unexpected(make_error_code(asio::error::operation_aborted));
}

asio::awaitable<void> Listener::Impl::accept_tls(std::shared_ptr<Impl> self) {
  while (self->acceptor.is_open()) {
    if (self->handshakes.size() + self->ready.size() >= kMaxHandshakes) {
      if (co_await self->changed.wait()) co_return;
      continue;
    }
    auto plain = co_await accept_plain(self);
    if (!plain) co_return;
    auto stream = std::make_unique<TlsStream>(std::move(*plain), server_session(self->context));
    self->handshakes.insert(stream.get());
    asio::co_spawn(self->acceptor.get_executor(), secure(self, std::move(stream)), asio::detached);
  }
}

asio::awaitable<void> Listener::Impl::secure(std::shared_ptr<Impl> self, std::unique_ptr<TlsStream> stream) {
  const Watchdog watchdog(stream->executor(), deadline_after(self->options.tls_deadline),
                          [late = stream.get()] { late->close(); });
  const auto error = co_await stream->handshake();
  self->handshakes.erase(stream.get());
  const bool goes_on = self->acceptor.is_open();
  if (!error && goes_on) {
    self->ready.push_back(std::move(stream));
    self->changed.notify_all();
    co_return;
  }
  self->changed.notify_all();
  if (!error || !goes_on || !self->options.on_tls_failure) co_return;
  const auto code = watchdog.fired() ? make_error_code(asio::error::timed_out) : error;
  const std::string why = watchdog.fired() ? "no answer in time" : describe_tls_failure(stream->session(), error);
  self->options.on_tls_failure({DialStage::tls, code, "TLS with " + stream->peer() + ": " + why});
}

Listener::Listener(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Listener::~Listener() { close(); }

std::expected<std::unique_ptr<Listener>, std::string> Listener::open(asio::any_io_executor executor,
                                                                     ListenOptions options) {
  // OpenSSL keeps, for good, a piece of the thread that first uses it: let that be the one which listens, not one of
  // many that serve.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  const auto impl = std::make_shared<Impl>(executor, std::move(options));
  if (impl->options.tls) {
    auto context = server_context(*impl->options.tls);
    if (!context) return std::unexpected(std::move(context.error()));
    impl->context = std::move(*context);
  }
  if (!impl->options.unix_path.empty()) {
    if (const auto error = impl->bind_unix())
      return std::unexpected("listen on unix:" + impl->options.unix_path + ": " + error.message());
    return std::unique_ptr<Listener>(new Listener(impl));
  }
  const std::string what = "listen on " + impl->options.host + " port " + std::to_string(impl->options.port) + ": ";
  const auto endpoint = resolve(executor, impl->options.host, impl->options.port);
  if (!endpoint) return std::unexpected(what + endpoint.error());
  if (const auto error = impl->bind(*endpoint)) return std::unexpected(what + error.message());
  tcp::endpoint bound;
  const auto local = impl->acceptor.local_endpoint();
  bound.resize(local.size());
  std::memcpy(bound.data(), local.data(), local.size());
  impl->port = bound.port();
  return std::unique_ptr<Listener>(new Listener(impl));
}

std::uint16_t Listener::port() const noexcept { return impl_->port; }

void Listener::close() noexcept { impl_->close(); }

std::expected<void, std::string> Listener::use_certificate(const ServerTls& tls) {
  if (!impl_->context) return std::unexpected("the listener has no TLS whose certificate could be replaced");
  auto context = server_context(tls);
  if (!context) return std::unexpected(std::move(context.error()));
  impl_->context = std::move(*context);
  return {};
}

asio::awaitable<std::expected<std::unique_ptr<Stream>, std::error_code>> Listener::accept() {
  const auto self = impl_;
  if (!self->context) {
    auto plain = co_await Impl::accept_plain(self);
    if (!plain) co_return std::unexpected(plain.error());
    co_return std::move(*plain);
  }
  if (!self->started) {
    self->started = true;
    asio::co_spawn(self->acceptor.get_executor(), Impl::accept_tls(self), asio::detached);
  }
  while (self->acceptor.is_open()) {
    if (!self->ready.empty()) {
      auto stream = std::move(self->ready.front());
      self->ready.pop_front();
      self->changed.notify_all();
      co_return std::move(stream);
    }
    if (const auto error = co_await self->changed.wait()) co_return std::unexpected(error);
  }
  co_return std::unexpected(make_error_code(asio::error::operation_aborted));
}

}  // namespace ws::io
