#include <sys/poll.h>
#include <sys/socket.h>
#include <ws/core/http/http1.h>
#include <ws/io/http2/dial.h>
#include <ws/io/http2/serve.h>
#include <ws/io/net/random.h>
#include <ws/io/net/wait.h>
#include <ws/testing/faults/deviant.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <ws/testing/faults/http2_lens.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace ws::testing {
namespace {

// A peer that does not end TCP after us is left after this time.
constexpr std::chrono::seconds kLinger{10};
// How long a client whose fault is to hold on to TCP does so: longer than its tester waits, and not for ever, because
// nobody stops it.
constexpr std::chrono::seconds kHeld{3};

// Faults of a server that are no matter of one connection's octets: how it writes, its timers, what its connections do
// to each other.
constexpr std::chrono::milliseconds kTimer{100};

// What all connections of a faulty server share.
struct Shared {
  explicit Shared(FaultSet which, asio::any_io_executor executor) : faults(which), written(executor) {}
  FaultSet faults;
  std::set<io::Stream*> open{};
  bool writing = false;  // one writes for all
  io::Signal written;
};

void end_tcp(io::Stream& stream) { ::shutdown(stream.descriptor(), SHUT_RDWR); }

bool takes_more(io::Stream& stream) {
  pollfd waiting{stream.descriptor(), POLLOUT, 0};
  return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0;
}

// What the socket does not take at once is dropped.
void write_torn(io::Stream& stream, ByteView octets) {
  while (!octets.empty()) {
    const auto n = ::send(stream.descriptor(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) return;
    octets = octets.subspan(static_cast<std::size_t>(n));
  }
}

Bytes without_pongs(ByteView octets) {
  Bytes kept;
  while (const auto frame = rules::first_frame(octets)) {
    if (frame->header.opcode != Opcode::pong) append(kept, octets.first(frame->size()));
    octets = octets.subspan(frame->size());
  }
  return kept;
}

// False: nothing can be written any more.
asio::awaitable<bool> write_out(Deviant& peer, io::Stream& stream, Shared* shared) {
  Bytes out = to_bytes(peer.output());
  peer.wrote(out.size());
  const FaultSet faults = shared == nullptr ? FaultSet{} : shared->faults;
  if (faults.has(Fault::tears_frames_when_full) && peer.is_open()) {
    write_torn(stream, out);
    co_return true;
  }
  if (faults.has(Fault::drops_frames_when_full) && !takes_more(stream)) co_return true;
  if (faults.has(Fault::drops_pongs_when_full) && !takes_more(stream)) out = without_pongs(out);
  if (!faults.has(Fault::blocks_for_slow_reader)) {
    const auto error = co_await stream.write(out);
    co_return !error;
  }
  while (shared->writing) (void)co_await shared->written.wait();
  shared->writing = true;
  const auto error = co_await stream.write(out);
  shared->writing = false;
  shared->written.notify_all();
  co_return !error;
}

void end_others(Shared& shared, const Deviant& peer, io::Stream& own) {
  shared.open.erase(&own);
  const bool all = (shared.faults.has(Fault::ends_all_with_one) && !peer.is_failing()) ||
                   (shared.faults.has(Fault::ends_all_for_a_fault) && peer.is_failing());
  if (!all) return;
  for (io::Stream* other : shared.open) end_tcp(*other);
}

// A timer of the opening handshake that nobody stopped.
bool has_timer(const FaultSet& faults, bool was_asked_before, bool is_idle) {
  return faults.has(Fault::ends_busy_connection) || (is_idle && faults.has(Fault::ends_idle_connection)) ||
         (was_asked_before && faults.has(Fault::ends_after_earlier_request));
}

// Moves octets between the stream and the deviant peer until TCP ends. `shared`: of a server.
asio::awaitable<void> drive(Deviant& peer, io::Stream& stream, Role role, Shared* shared = nullptr,
                            bool was_asked_before = false) {
  std::optional<io::Watchdog> linger, timer;
  Bytes buffer(64 * 1024);
  while (true) {
    while (!peer.output().empty()) {
      if (!co_await write_out(peer, stream, shared)) break;
    }
    const bool idle = shared != nullptr && shared->faults.has(Fault::ends_idle_connection);
    if (idle) timer.reset();
    if (shared != nullptr && peer.is_open() && !timer && has_timer(shared->faults, was_asked_before, idle))
      timer.emplace(stream.executor(), io::deadline_after(kTimer), [&stream] { end_tcp(stream); });
    if (!linger && peer.wants_shutdown()) {
      if (shared != nullptr) end_others(*shared, peer, stream);
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
  if (peer.keeps_tcp() && role == Role::server) {
    io::Signal never(stream.executor());
    (void)co_await never.wait(io::Clock::time_point::max());  // the end of a server lets go
  }
}

// A client's end of TCP, for some time.
asio::awaitable<void> hold(io::Stream& stream) {
  io::Signal never(stream.executor());
  (void)co_await never.wait(io::deadline_after(kHeld));
}

// It goes on with its next connection meanwhile.
asio::awaitable<void> hold_beside(std::unique_ptr<io::Stream> stream) { co_await hold(*stream); }

// What a faulty server never gives back, until its process ends.
struct Kept {
  std::optional<Shared> shared;
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

// The octets of a request without Upgrade, when it is all there; nothing of one that has it, or is no request.
struct Earlier {
  bool whole_head = false;
  std::optional<std::size_t> octets{};
};
Earlier earlier_request(ByteView came) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto end = as_text(came).find(kEnd);
  if (end == std::string_view::npos) return {};
  const std::size_t size = end + kEnd.size();
  const auto head = parse_request(came.first(size), HeadLimits{});
  if (!head || find_field(head->fields, "Upgrade") != nullptr) return {true, std::nullopt};
  const Field* const length = find_field(head->fields, "Content-Length");
  return {true, size + (length == nullptr ? 0 : std::strtoull(length->value.c_str(), nullptr, 10))};
}

// RFC 9112 9.3: answers requests that ask for nothing of ours, until one does. Gives that one's octets.
asio::awaitable<std::pair<Bytes, bool>> after_earlier_requests(io::Stream& stream) {
  constexpr std::string_view kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  Bytes came, buffer(16 * 1024);
  bool asked = false, there = true;
  while (there) {
    const Earlier next = earlier_request(came);
    if (next.whole_head && !next.octets) break;
    if (next.octets && came.size() >= *next.octets) {
      asked = true;
      came.erase(came.begin(), came.begin() + static_cast<std::ptrdiff_t>(*next.octets));
      const auto error = co_await stream.write(as_octets(kNotFound));
      there = !error;
    } else {
      const auto n = co_await stream.read_some(buffer);
      there = n.has_value();
      if (there) append(came, std::span(buffer).first(*n));
    }
  }
  co_return std::pair(std::move(came), asked);
}

asio::awaitable<void> serve(std::unique_ptr<io::Stream> stream, FaultSet faults, Kept& kept) {
  if (!kept.shared) kept.shared.emplace(faults, stream->executor());
  DeviantOptions options;
  options.faults = faults;
  Deviant peer(options);
  bool asked = false;
  if (faults.has(Fault::ends_after_earlier_request)) {
    auto [octets, before] = co_await after_earlier_requests(*stream);
    asked = before;
    peer.receive(octets);
  }
  kept.shared->open.insert(stream.get());
  co_await drive(peer, *stream, Role::server, &*kept.shared, asked);
  kept.shared->open.erase(stream.get());
  if (!faults.has(Fault::keeps_sockets)) stream->close();
  leave_behind(kept, faults, std::move(stream));
}

asio::awaitable<void> serve_request(std::unique_ptr<io::http2::Http2Stream> stream, FaultSet faults, Kept& kept,
                                    std::shared_ptr<Http2Lens> lens) {
  const std::function<io::http2::Fields(io::http2::Fields)> mend = [lens](io::http2::Fields section) {
    return lens->mend(std::move(section));
  };
  auto tunnel = co_await io::http2::tunnel_of(std::move(stream), &mend);
  if (tunnel) co_await serve(std::move(tunnel), faults, kept);
}

asio::awaitable<void> serve_http2(std::unique_ptr<io::Stream> stream, FaultSet faults, Kept& kept) {
  auto detected = co_await io::http2::detect(std::move(stream));
  if (!detected) co_return;
  if (!detected->is_http2) co_return co_await serve(std::move(detected->stream), faults, kept);
  io::http2::SessionOptions options;
  options.role = Role::server;
  const auto lens = std::make_shared<Http2Lens>(faults, Role::server);
  lens->apply_to(options);
  const auto session = io::http2::Session::start(std::move(detected->stream), options);
  lens->see(session);
  while (auto request = co_await session->accept()) {
    asio::co_spawn(session->executor(), serve_request(std::move(*request), faults, kept, lens), asio::detached);
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
  if (peer.keeps_tcp() && role == Role::client) co_await hold(stream);
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
  const auto lens = std::make_shared<Http2Lens>(faults, Role::client);
  io::http2::SessionOptions session;
  lens->apply_to(session);
  auto stream = co_await io::http2::dial(std::move(dial), http, session);
  if (!stream) co_return std::unexpected(std::move(stream.error().text));
  if (auto* const tunnel = dynamic_cast<io::http2::TunnelStream*>(stream->get())) {
    lens->see(tunnel->session());
    tunnel->edit_head([lens, secure = url.secure](io::http2::Fields section) {
      return io::http2::TunnelStream::Edited{lens->spoil(std::move(section), secure), false};
    });
  }
  DeviantOptions options;
  options.role = Role::client;
  options.faults = faults;
  options.host = host_field(url);
  options.target = url.target;
  options.mask_key = io::random_mask_key;
  options.nonce = io::random_nonce;
  Deviant peer(std::move(options));
  co_await drive(peer, **stream, Role::client);
  if (peer.keeps_tcp()) {
    const auto executor = (*stream)->executor();
    asio::co_spawn(executor, hold_beside(std::move(*stream)), asio::detached);
  } else {
    (*stream)->close();
  }
  co_return std::expected<void, std::string>{};
}

}  // namespace ws::testing
