// direct_peers.cc - one connection of an epoll set: reads, answers, writes, and ends. Linux only.
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/socket.h>
#include <ws/core/connection/fast_way.h>
#include <ws/io/serve/direct_sockets_impl.h>

#include <cerrno>
#include <utility>

namespace ws::io {

void DirectSockets::Impl::serve(DirectPeer& peer, std::uint32_t events) {
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

void DirectSockets::Impl::read(DirectPeer& peer) {
  const ssize_t count = ::recv(peer.descriptor, input.get(), kDirectInput, 0);
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
void DirectSockets::Impl::take(DirectPeer& peer, std::span<std::byte> in) {
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

void DirectSockets::Impl::write(DirectPeer& peer) {
  if (peer.gone()) return;
  for (ByteView out = peer.connection.output(); !out.empty(); out = peer.connection.output()) {
    const ssize_t count = ::send(peer.descriptor, out.data(), out.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // The peer may have said something before TCP broke, so that reading goes on; but what we say is lost.
    peer.connection.wrote(count < 0 ? out.size() : static_cast<std::size_t>(count));
    if (peer.account && count > 0) peer.account->octets_sent += static_cast<std::size_t>(count);
  }
}

void DirectSockets::Impl::collect(DirectPeer& peer) {
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

void DirectSockets::Impl::hand_over(DirectPeer& peer, const MessageView& message) {
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

void DirectSockets::Impl::charge(DirectPeer& peer) {
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

void DirectSockets::Impl::fail(DirectPeer& peer, std::uint16_t code, const char* reason) {
  peer.discarding = true;
  if (FastWay::is_moved_from(peer.connection))
    peer.connection = Connection::opened(Options{.role = Role::server}, std::nullopt);
  (void)peer.connection.submit(command::Close{CloseReason{code, reason}});
}

// After each change: the end, the shutdown, the deadline of the state, and what epoll is to tell of.
void DirectSockets::Impl::settle(DirectPeer& peer) {
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

void DirectSockets::Impl::watch(DirectPeer& peer) {
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

}  // namespace ws::io
#endif
