// direct_sockets.cc - an epoll set of connections, each with what it needs while it is idle and no more. Linux only;
// direct_sockets_elsewhere.cc is for the rest.
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ws/core/connection/fast_way.h>
#include <ws/io/net/stream_socket.h>
#include <ws/io/serve/direct_sockets.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <map>
#include <utility>

namespace ws::io {
namespace {

constexpr std::size_t kInput = 128 * 1024;  // shared; also the most that one connection is given before the next
constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kBatch = 256;  // sockets served before Asio's other work has its turn

struct Peer;
using Timers = std::multimap<Clock::time_point, Peer*>;

struct alignas(kCacheLine) Peer {  // what every message needs is in its first cache line
  Peer(Connection taken, FrameCutter where, int socket)
      : connection(std::move(taken)), descriptor(socket), cutter(where) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    if (!gone()) ::close(descriptor);
  }
  [[nodiscard]] bool gone() const noexcept { return descriptor < 0; }

  Connection connection;
  int descriptor;
  std::uint32_t watched = 0;  // epoll's events
  Bytes held;                 // input that waits until the peer has read its echoes
  State timed_state = State::open;
  bool ended = false, shut = false;
  bool discarding = false;  // messages; the application failed
  bool deaf = false;        // what comes is dropped: there is no memory for it
  bool heard = true;        // anything, since sweep()
  std::uint8_t silent = 0;  // calls of sweep() since then
  FrameCutter cutter;
  std::optional<Timers::iterator> timer;
  std::size_t place = 0;              // in Impl::peers
  std::unique_ptr<Peer> gone_before;  // in Impl::gone
  std::shared_ptr<Account> account;
  std::size_t charged = 0;
  std::shared_ptr<void> ticket;  // the stream's
};

Peer& peer_of(const epoll_event& event) { return *static_cast<Peer*>(event.data.ptr); }

// The next peers' memory comes while the present one's message goes through the kernel; with thousands of them it is in
// no near cache. The one after the next is only fetched itself: its connection is known when it is there.
void prefetch(std::span<const epoll_event> next) {
  if (!next.empty()) FastWay::prefetch(peer_of(next[0]).connection);
  if (next.size() > 1) __builtin_prefetch(next[1].data.ptr);
}

}  // namespace

// The application's functions may end any connection, all of them, or this object, also those that are being served. So
// TCP ends at once, but the memory of a peer lives until nobody can be in the middle of it (Serving).
struct DirectSockets::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor executor, OnMessage message, OnEnd end, OnException exception)
      : set(executor),
        timer(executor),
        on_message(std::move(message)),
        on_end(std::move(end)),
        on_exception(std::move(exception)) {}

  bool prepare();
  void wait();
  void serve_ready();
  void serve(Peer& peer, std::uint32_t events);
  void read(Peer& peer);
  void take(Peer& peer, std::span<std::byte> in);
  void write(Peer& peer);
  void collect(Peer& peer);
  void settle(Peer& peer);
  void watch(Peer& peer);
  void arm();
  void expire_late_ones();
  void add(std::unique_ptr<Peer> peer, std::span<std::byte> early);
  void remove(Peer& peer);
  void hand_over(Peer& peer, const MessageView& message);
  void fail(Peer& peer, std::uint16_t code, const char* reason);
  void charge(Peer& peer);
  void tell_end();
  void bury();

  // Somebody is in the middle of the peers.
  struct Serving {
    explicit Serving(Impl& of) : impl(of.shared_from_this()) { ++impl->serving; }
    ~Serving() {
      if (--impl->serving == 0) impl->bury();
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;
    std::shared_ptr<Impl> impl;
  };

  asio::posix::stream_descriptor set;  // the epoll set
  asio::steady_timer timer;            // for the first of `timers`
  Timers timers;
  Clock::time_point armed = Clock::time_point::max();  // what `timer` is set to
  bool waiting = false;                                // for `set`
  std::vector<std::unique_ptr<Peer>> peers;
  std::unique_ptr<Peer> gone;  // the latest one that ended, with those before it
  int serving = 0;
  bool orphaned = false;  // by DirectSockets: nobody is told of anything any more
  std::unique_ptr<std::byte[]> input;
  Bytes output;  // memory for the connection that is being served
  OnMessage on_message;
  OnEnd on_end;
  OnException on_exception;
};

bool DirectSockets::Impl::prepare() {
  if (set.is_open()) return true;
  const int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) return false;
  std::error_code error;
  set.assign(descriptor, error);
  if (error) {
    ::close(descriptor);
    return false;
  }
  input = std::make_unique_for_overwrite<std::byte[]>(kInput);
  return true;
}

// While there are connections: without any, nothing keeps the executor from running out of work.
void DirectSockets::Impl::wait() {
  if (waiting || peers.empty()) return;
  waiting = true;
  set.async_wait(asio::posix::stream_descriptor::wait_read, [self = weak_from_this()](const std::error_code& error) {
    const auto alive = self.lock();
    if (!alive) return;
    alive->waiting = false;
    if (!error) alive->serve_ready();
    alive->wait();
  });
}

void DirectSockets::Impl::serve_ready() {
  const Serving now(*this);
  std::array<epoll_event, kBatch> events;
  const int count = epoll_wait(set.native_handle(), events.data(), kBatch, 0);
  const std::span<const epoll_event> ready(events.data(), static_cast<std::size_t>(std::max(count, 0)));
  for (std::size_t i = 0; i < ready.size(); ++i) {
    prefetch(ready.subspan(i + 1));
    Peer& peer = peer_of(ready[i]);
    if (!peer.gone()) serve(peer, ready[i].events);
  }
}

void DirectSockets::Impl::serve(Peer& peer, std::uint32_t events) {
  try {
    FastWay::swap_output_memory(peer.connection, output);
    if (events != EPOLLIN) {  // there is room for output, or TCP broke
      write(peer);
      if (!peer.held.empty()) {
        Bytes held = std::exchange(peer.held, {});
        take(peer, held);
      }
    }
    if (events != EPOLLOUT && peer.held.empty()) read(peer);
    FastWay::swap_output_memory(peer.connection, output);  // back, unless the kernel did not take all
    settle(peer);
  } catch (const std::bad_alloc&) {
    remove(peer);  // no memory: this connection only
  }
}

void DirectSockets::Impl::read(Peer& peer) {
  const ssize_t count = ::recv(peer.descriptor, input.get(), kInput, 0);
  if (count > 0) {
    peer.heard = true;
    if (peer.account) peer.account->octets_received += static_cast<std::size_t>(count);
    return take(peer, {input.get(), static_cast<std::size_t>(count)});
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  peer.connection.receive_eof();
  collect(peer);
}

// Frame by frame, as WebSocket does, so that a message is answered before the frame after it is looked at.
void DirectSockets::Impl::take(Peer& peer, std::span<std::byte> in) {
  while (!in.empty() && !peer.ended && !peer.deaf) {
    if (peer.connection.output().size() > kHighWater) {
      write(peer);
      if (peer.connection.output().size() > kHighWater) {
        peer.held.assign(in.begin(), in.end());
        return;
      }
    }
    // The cutter, too, is between two frames then, and stays there.
    if (const auto message = FastWay::read_in_place(peer.connection, in)) {
      hand_over(peer, *message);
      continue;
    }
    const std::size_t count = peer.cutter.next(in, peer.connection.state());
    peer.connection.receive(in.first(count));
    in = in.subspan(count);
    collect(peer);
    charge(peer);
  }
  write(peer);
}

void DirectSockets::Impl::write(Peer& peer) {
  if (peer.gone()) return;
  for (ByteView out = peer.connection.output(); !out.empty(); out = peer.connection.output()) {
    const ssize_t count = ::send(peer.descriptor, out.data(), out.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // The peer may have said something before TCP broke, so that reading goes on; but what we say is lost.
    peer.connection.wrote(count < 0 ? out.size() : static_cast<std::size_t>(count));
    if (peer.account && count > 0) peer.account->octets_sent += static_cast<std::size_t>(count);
  }
}

void DirectSockets::Impl::collect(Peer& peer) {
  while (auto event = peer.connection.next_event()) {
    if (const auto* const text = std::get_if<event::Text>(&*event)) {
      hand_over(peer, {.is_text = true, .data = as_octets(text->data)});
    } else if (const auto* const binary = std::get_if<event::Binary>(&*event)) {
      hand_over(peer, {.is_text = false, .data = binary->data});
    } else if (std::holds_alternative<event::Closed>(*event)) {
      peer.ended = true;
    }
  }
}

void DirectSockets::Impl::hand_over(Peer& peer, const MessageView& message) {
  if (peer.account) ++peer.account->messages_received;
  if (peer.gone() || peer.discarding) return;
  try {
    on_message(peer.connection, message);
  } catch (...) {
    // RFC 6455 7.4.1: 1011, the server met a condition that it did not expect. The others go on.
    fail(peer, close_code::kInternalError, "");
    if (!orphaned && on_exception) on_exception(std::current_exception());
    return;
  }
  if (!FastWay::is_moved_from(peer.connection)) return;
  // The application took it: TCP ends, and whoever is in the middle of this peer meets a connection that says nothing.
  peer.connection = Connection::opened(Options{.role = Role::server}, std::nullopt);
  remove(peer);
}

void DirectSockets::Impl::charge(Peer& peer) {
  if (!peer.account) return;
  const std::size_t kept = peer.gone() ? 0 : peer.connection.kept();
  const std::size_t now = kept > kOwnMemory ? kept - kOwnMemory : 0;
  const bool grows = now > peer.charged;
  peer.account->kept += now - peer.charged;
  peer.charged = now;
  if (!grows || peer.account->kept <= peer.account->most || peer.deaf) return;
  ++peer.account->out_of_memory;
  peer.deaf = true;
  fail(peer, close_code::kTryAgainLater, kNoMemoryLeft);
}

void DirectSockets::Impl::fail(Peer& peer, std::uint16_t code, const char* reason) {
  peer.discarding = true;
  if (FastWay::is_moved_from(peer.connection))
    peer.connection = Connection::opened(Options{.role = Role::server}, std::nullopt);
  (void)peer.connection.submit(command::Close{CloseReason{code, reason}});
}

void DirectSockets::Impl::tell_end() {
  if (orphaned) return;
  try {
    on_end();
  } catch (...) {  // on purpose: there is no connection left that it could end
  }
}

// One after the other: a chain of many would be a deep recursion.
void DirectSockets::Impl::bury() {
  while (gone) gone = std::move(gone->gone_before);
}

// After each change: the end, the shutdown, the deadline of the state, and what epoll is to tell of.
void DirectSockets::Impl::settle(Peer& peer) {
  if (peer.gone()) return;
  if (peer.ended) return remove(peer);
  if (!peer.shut && peer.connection.wants_shutdown()) {
    peer.shut = true;
    ::shutdown(peer.descriptor, SHUT_WR);
  }
  if (peer.connection.state() != peer.timed_state) {
    peer.timed_state = peer.connection.state();
    if (peer.timer) timers.erase(*std::exchange(peer.timer, std::nullopt));
    if (const auto limit = peer.connection.timer()) peer.timer = timers.emplace(deadline_after(*limit), &peer);
    arm();
  }
  watch(peer);
}

void DirectSockets::Impl::watch(Peer& peer) {
  const std::size_t unsent = peer.connection.output().size();
  const bool reads = unsent <= kHighWater && peer.held.empty();
  const std::uint32_t wanted = (reads ? EPOLLIN : 0u) | (unsent > 0 ? EPOLLOUT : 0u);
  if (wanted == peer.watched) return;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = &peer;
  epoll_ctl(set.native_handle(), EPOLL_CTL_MOD, peer.descriptor, &event);
  peer.watched = wanted;
}

void DirectSockets::Impl::arm() {
  const auto first = timers.empty() ? Clock::time_point::max() : timers.begin()->first;
  if (armed == first) return;
  armed = first;
  timer.cancel();
  if (timers.empty()) return;
  timer.expires_at(first);
  timer.async_wait([self = weak_from_this()](const std::error_code& error) {
    const auto alive = self.lock();
    if (!error && alive) alive->expire_late_ones();
  });
}

void DirectSockets::Impl::expire_late_ones() {
  const Serving now(*this);
  armed = Clock::time_point::max();
  while (!timers.empty() && timers.begin()->first <= Clock::now()) {
    Peer& peer = *timers.begin()->second;
    timers.erase(timers.begin());
    peer.timer.reset();
    peer.connection.expire();
    collect(peer);
    settle(peer);
  }
  arm();
}

void DirectSockets::Impl::add(std::unique_ptr<Peer> peer, std::span<std::byte> early) {
  if (orphaned) return;
  const Serving now(*this);
  peer->place = peers.size();
  peer->watched = EPOLLIN;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = peer.get();
  epoll_ctl(set.native_handle(), EPOLL_CTL_ADD, peer->descriptor, &event);
  Peer& added = *peers.emplace_back(std::move(peer));
  take(added, early);
  Bytes of_the_handshake;
  FastWay::swap_output_memory(added.connection, of_the_handshake);
  settle(added);
  wait();
}

void DirectSockets::Impl::remove(Peer& peer) {
  if (peer.gone()) return;
  const Serving now(*this);
  if (peer.timer) timers.erase(*std::exchange(peer.timer, std::nullopt));
  arm();
  ::close(std::exchange(peer.descriptor, -1));  // which leaves the epoll set
  peer.ended = true;
  charge(peer);
  peer.ticket.reset();
  const std::size_t place = peer.place;
  std::swap(peers[place], peers.back());
  peers[place]->place = place;
  peer.gone_before = std::exchange(gone, std::move(peers.back()));
  peers.pop_back();
  if (peers.empty()) set.cancel();
  tell_end();
}

DirectSockets::DirectSockets(asio::any_io_executor executor, OnMessage on_message, OnEnd on_end,
                             OnException on_exception)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(on_message), std::move(on_end),
                                   std::move(on_exception))) {}

DirectSockets::~DirectSockets() {
  impl_->orphaned = true;
  drop();
}

asio::awaitable<bool> DirectSockets::adopt(WebSocket& socket) {
  const auto self = impl_;
  const auto from = socket.impl_;
  auto* const stream = dynamic_cast<SocketStream*>(from->stream.get());
  if (stream == nullptr || from->connection.state() != State::open || from->ended || from->flushing ||
      from->input_ended || from->reading || from->pumping || from->streaming || !from->inbox.empty() ||
      from->pending() != 0 || !self->prepare())
    co_return false;
  const int descriptor = stream->release();
  if (descriptor < 0) co_return false;
  Bytes early = to_bytes(from->input.octets());
  auto peer = std::make_unique<Peer>(std::move(from->connection), from->cutter, descriptor);
  peer->ticket = stream->take_ticket();
  peer->account = from->account;
  if (from->account) from->account->kept -= std::exchange(from->charged, 0);
  from->account.reset();
  from->connection = Connection::opened(Options{.role = Role::server}, std::nullopt);
  socket.drop();
  self->add(std::move(peer), early);
  co_return true;
}

std::size_t DirectSockets::size() const noexcept { return impl_->peers.size(); }

void DirectSockets::close(std::uint16_t code, std::string_view reason) {
  command::Close close;
  close.reason.emplace(code, std::string(reason));
  const Impl::Serving now(*impl_);
  Impl& self = *now.impl;
  for (std::size_t i = self.peers.size(); i-- > 0;) {  // backwards: one that ends is replaced by a later one
    if (i >= self.peers.size()) continue;              // several ended at once
    Peer& peer = *self.peers[i];
    (void)peer.connection.submit(close);  // refused when the closing handshake has begun already
    self.write(peer);
    self.settle(peer);
  }
}

std::size_t DirectSockets::sweep(unsigned ping_after, unsigned drop_after) {
  const Impl::Serving now(*impl_);
  Impl& self = *now.impl;
  std::size_t dropped = 0;
  for (std::size_t i = self.peers.size(); i-- > 0;) {
    if (i >= self.peers.size()) continue;
    Peer& peer = *self.peers[i];
    // Nothing can be heard of a peer that does not read: then nothing is read from it, either.
    if (std::exchange(peer.heard, false)) {
      peer.silent = 0;
    } else if (++peer.silent >= drop_after) {
      ++dropped;
      self.remove(peer);
    } else if (peer.silent == ping_after) {
      (void)peer.connection.submit(command::Ping{});  // refused: it is closing
      self.write(peer);
      self.settle(peer);
    }
  }
  return dropped;
}

void DirectSockets::drop() {
  const Impl::Serving now(*impl_);
  while (!now.impl->peers.empty()) now.impl->remove(*now.impl->peers.back());
}

}  // namespace ws::io
#endif
