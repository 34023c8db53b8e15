#include <sys/socket.h>
#include <ws/io/http2/dial.h>
#include <ws/io/http2/serve.h>
#include <ws/io/net/random.h>
#include <ws/io/net/wait.h>
#include <ws/testing/faults/deviant.h>
#include <ws/testing/faults/deviant_endpoints.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace ws::testing {
namespace {

// A peer that does not end TCP after us is left after this time.
constexpr std::chrono::seconds kLinger{10};
// How long a client whose fault is to hold on to TCP does so: longer than its tester waits, and not for ever, because
// nobody stops it.
constexpr std::chrono::seconds kHeld{3};

// Moves octets between the stream and the deviant peer until TCP ends.
asio::awaitable<void> drive(Deviant& peer, io::Stream& stream, Role role) {
  std::optional<io::Watchdog> linger;
  Bytes buffer(64 * 1024);
  while (true) {
    while (!peer.output().empty()) {
      const Bytes out = to_bytes(peer.output());
      if (co_await stream.write(out)) break;
      peer.wrote(out.size());
    }
    if (!linger && peer.wants_shutdown()) {
      if (peer.resets_tcp()) {
        stream.reset();
        co_return;
      }
      if (peer.forgets_tls()) {
        ::shutdown(stream.descriptor(), SHUT_WR);
      } else {
        (void)co_await stream.shutdown_send();
      }
      linger.emplace(stream.executor(), io::deadline_after(kLinger), [&stream] { stream.close(); });
    }
    const auto n = co_await stream.read_some(buffer);
    if (!n) break;
    peer.receive(std::span(buffer).first(*n));
  }
  if (!linger && !peer.forgets_tls() && !peer.keeps_tcp()) (void)co_await stream.shutdown_send();
  if (peer.keeps_tcp()) {
    io::Signal never(stream.executor());
    const auto until = role == Role::client ? io::deadline_after(kHeld) : io::Clock::time_point::max();
    (void)co_await never.wait(until);  // the end of a server lets go
  }
}

// What a faulty server never gives back, until its process ends.
struct Kept {
  std::vector<Bytes> memory;
  std::vector<std::unique_ptr<io::Stream>> sockets;
  std::optional<std::jthread> thread;
};

void leave_behind(Kept& kept, const FaultSet& faults, std::unique_ptr<io::Stream> stream) {
  constexpr std::size_t kMemory = 256 * 1024;
  if (faults.has(Fault::keeps_memory)) kept.memory.emplace_back(kMemory, std::byte{1});
  if (faults.has(Fault::keeps_sockets)) kept.sockets.push_back(std::move(stream));
  if (faults.has(Fault::never_rests) && !kept.thread) {
    kept.thread.emplace([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
      }
    });
  }
}

asio::awaitable<void> serve(std::unique_ptr<io::Stream> stream, FaultSet faults, Kept& kept) {
  DeviantOptions options;
  options.faults = faults;
  Deviant peer(options);
  co_await drive(peer, *stream, Role::server);
  if (!faults.has(Fault::keeps_sockets)) stream->close();
  leave_behind(kept, faults, std::move(stream));
}

asio::awaitable<void> serve_request(std::unique_ptr<io::http2::Http2Stream> stream, FaultSet faults, Kept& kept) {
  auto tunnel = co_await io::http2::tunnel_of(std::move(stream));
  if (tunnel) co_await serve(std::move(tunnel), faults, kept);
}

asio::awaitable<void> serve_http2(std::unique_ptr<io::Stream> stream, FaultSet faults, Kept& kept) {
  auto detected = co_await io::http2::detect(std::move(stream));
  if (!detected) co_return;
  if (!detected->is_http2) co_return co_await serve(std::move(detected->stream), faults, kept);
  io::http2::SessionOptions options;
  options.role = Role::server;
  const auto session = io::http2::Session::start(std::move(detected->stream), options);
  while (auto request = co_await session->accept()) {
    asio::co_spawn(session->executor(), serve_request(std::move(*request), faults, kept), asio::detached);
  }
}

asio::awaitable<void> accept_all(io::Listener& listener, FaultSet faults, Kept& kept, io::Http http) {
  while (auto stream = co_await listener.accept()) {
    const auto executor = (*stream)->executor();
    asio::co_spawn(
        executor,
        http == io::Http::one ? serve(std::move(*stream), faults, kept) : serve_http2(std::move(*stream), faults, kept),
        asio::detached);
  }
}

}  // namespace

asio::awaitable<void> echo_with_faults(io::Stream& stream, DeviantOptions options) {
  const Role role = options.role;
  Deviant peer(std::move(options));
  co_await drive(peer, stream, role);
}

struct DeviantServer::Impl {
  asio::io_context context{1};
  Kept kept;  // its streams are gone before the context
  std::unique_ptr<io::Listener> listener;
  std::thread thread;
};

DeviantServer::DeviantServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

DeviantServer::~DeviantServer() {
  impl_->context.stop();
  impl_->thread.join();
}

std::expected<std::unique_ptr<DeviantServer>, std::string> DeviantServer::start(FaultSet faults,
                                                                                io::ListenOptions listen,
                                                                                io::Http http) {
  auto impl = std::make_unique<Impl>();
  auto listener = io::Listener::open(impl->context.get_executor(), std::move(listen));
  if (!listener) return std::unexpected(std::move(listener.error()));
  impl->listener = std::move(*listener);
  asio::co_spawn(impl->context, accept_all(*impl->listener, faults, impl->kept, http), asio::detached);
  impl->thread = std::thread([&context = impl->context] { context.run(); });
  return std::unique_ptr<DeviantServer>(new DeviantServer(std::move(impl)));
}

std::uint16_t DeviantServer::port() const noexcept { return impl_->listener->port(); }

asio::awaitable<std::expected<void, std::string>> run_deviant_client(Url url, FaultSet faults, io::TlsOptions tls,
                                                                     io::Http http) {
  io::DialOptions dial;
  dial.host = url.host;
  dial.port = url.port;
  if (url.secure) dial.tls = std::move(tls);
  auto stream = co_await io::http2::dial(std::move(dial), http);
  if (!stream) co_return std::unexpected(std::move(stream.error().text));
  DeviantOptions options;
  options.role = Role::client;
  options.faults = faults;
  options.host = host_field(url);
  options.target = url.target;
  options.mask_key = io::random_mask_key;
  options.nonce = io::random_nonce;
  Deviant peer(std::move(options));
  co_await drive(peer, **stream, Role::client);
  (*stream)->close();
  co_return std::expected<void, std::string>{};
}

}  // namespace ws::testing
