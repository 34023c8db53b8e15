// direct_sockets_impl.h - what direct_sockets.cc (the set of connections) and direct_peers.cc (one of them) share.
// Linux only.
#pragma once
#include <ws/io/net/stream_socket.h>
#include <ws/io/serve/direct_sockets.h>
#include <ws/io/websocket_impl.h>

#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ws::io {

// Shared by all connections; also the most that one is given before the next.
inline constexpr std::size_t kDirectInput = 128 * 1024;

struct DirectPeer;
using DirectTimers = std::multimap<Clock::time_point, DirectPeer*>;

struct alignas(64) DirectPeer {  // what every message needs is in its first cache line, of 64 bytes
  DirectPeer(Connection taken, FrameCutter where, int socket)
      : connection(std::move(taken)), descriptor(socket), cutter(where) {}
  DirectPeer(const DirectPeer&) = delete;
  DirectPeer& operator=(const DirectPeer&) = delete;
  ~DirectPeer() {
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
  std::optional<DirectTimers::iterator> timer;
  std::size_t place = 0;                    // in Impl::peers
  std::unique_ptr<DirectPeer> gone_before;  // in Impl::gone
  std::shared_ptr<Account> account;
  std::size_t charged = 0;
  std::shared_ptr<void> ticket;  // the stream's
};

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
  void serve(DirectPeer& peer, std::uint32_t events);
  void read(DirectPeer& peer);
  void take(DirectPeer& peer, std::span<std::byte> in);
  void write(DirectPeer& peer);
  void collect(DirectPeer& peer);
  void settle(DirectPeer& peer);
  void watch(DirectPeer& peer);
  void arm();
  void expire_late_ones();
  void add(std::unique_ptr<DirectPeer> peer, std::span<std::byte> early);
  void remove(DirectPeer& peer);
  void hand_over(DirectPeer& peer, const MessageView& message);
  void fail(DirectPeer& peer, std::uint16_t code, const char* reason);
  void charge(DirectPeer& peer);
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
  DirectTimers timers;
  Clock::time_point armed = Clock::time_point::max();  // what `timer` is set to
  bool waiting = false;                                // for `set`
  std::vector<std::unique_ptr<DirectPeer>> peers;
  std::unique_ptr<DirectPeer> gone;  // the latest one that ended, with those before it
  int serving = 0;
  bool orphaned = false;  // by DirectSockets: nobody is told of anything any more
  std::unique_ptr<std::byte[]> input;
  Bytes output;  // memory for the connection that is being served
  OnMessage on_message;
  OnEnd on_end;
  OnException on_exception;
};

}  // namespace ws::io
