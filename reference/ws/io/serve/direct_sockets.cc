// direct_sockets.cc - an epoll set of connections; what one of them does is in direct_peers.cc. Linux only;
// direct_sockets_elsewhere.cc is for the rest.
#ifdef __linux__
#include <sys/epoll.h>
#include <unistd.h>
#include <ws/core/connection/fast_way.h>
#include <ws/io/serve/direct_sockets_impl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ws::io {
namespace {

constexpr std::size_t kBatch = 256;  // sockets served before Asio's other work has its turn

DirectPeer& peer_of(const epoll_event& event) { return *static_cast<DirectPeer*>(event.data.ptr); }

// The next peers' memory comes while the present one's message goes through the kernel; with thousands of them it is in
// no near cache. The one after the next is only fetched itself: its connection is known when it is there.
void prefetch(std::span<const epoll_event> next) {
  if (!next.empty()) FastWay::prefetch(peer_of(next[0]).connection);
  if (next.size() > 1) __builtin_prefetch(next[1].data.ptr);
}

}  // namespace

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
  input = std::make_unique_for_overwrite<std::byte[]>(kDirectInput);
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
    DirectPeer& peer = peer_of(ready[i]);
    if (!peer.gone()) serve(peer, ready[i].events);
  }
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
    DirectPeer& peer = *timers.begin()->second;
    timers.erase(timers.begin());
    peer.timer.reset();
    peer.connection.expire();
    collect(peer);
    settle(peer);
  }
  arm();
}

void DirectSockets::Impl::add(std::unique_ptr<DirectPeer> peer, std::span<std::byte> early) {
  if (orphaned) return;
  const Serving now(*this);
  peer->place = peers.size();
  peer->watched = EPOLLIN;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = peer.get();
  epoll_ctl(set.native_handle(), EPOLL_CTL_ADD, peer->descriptor, &event);
  DirectPeer& added = *peers.emplace_back(std::move(peer));
  take(added, early);
  Bytes of_the_handshake;
  FastWay::swap_output_memory(added.connection, of_the_handshake);
  settle(added);
  wait();
}

void DirectSockets::Impl::remove(DirectPeer& peer) {
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
  auto peer = std::make_unique<DirectPeer>(std::move(from->connection), from->cutter, descriptor);
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
    DirectPeer& peer = *self.peers[i];
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
    DirectPeer& peer = *self.peers[i];
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
