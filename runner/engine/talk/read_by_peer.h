// read_by_peer.h - whether the other end of a connection has read what was sent to it.
//
// A write of one octet is not a read of one octet: the kernel joins what waits in the receive queue of the endpoint. So
// a cut between two writes counts when the endpoint has read all that came before it. On this machine the kernel says
// so: sock_diag(7) has the length of the receive queue of the other end of a TCP connection, and SIOCOUTQ (unix(7))
// that of a Unix socket. Elsewhere, and on the other side of a proxy, it cannot be known, and a moment has to do: two
// round trips, one for the octets and their acknowledgement, one for the endpoint.
#pragma once
#include "runner/engine/talk/opening.h"

#include <asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace touchstone {

enum class ReceiveQueue : std::uint8_t {
  empty,   // the other end has read everything
  filled,  // octets wait to be read
  gone,    // the other end's socket is no more
  hidden,  // it is on another machine, or the kernel does not say
};

// What the kernel knows of the queue at the other end of the connected socket `descriptor`. `gone` only says that there
// is no such socket here: the caller knows whether there was one before.
[[nodiscard]] ReceiveQueue receive_queue_of_peer(int descriptor);

// The queues of the other end's socket.
struct PeerQueues {
  bool known = false;        // it is on this machine
  std::uint32_t unread = 0;  // octets that it has not read
  std::uint32_t unsent = 0;  // octets that it has written and that nobody has acknowledged
  bool full = false;         // its kernel takes nothing more of it
  bool operator==(const PeerQueues&) const = default;
};
[[nodiscard]] PeerQueues queues_of_peer(int descriptor);

// For one connection.
class ReadByPeer {
 public:
  // Both outlive this.
  ReadByPeer(ws::io::Stream& stream, const SessionOptions& options);

  // Returns when the endpoint has read all that was written, or `over` holds, or its socket is gone. All waits of a
  // connection together take at most the time of a silence that counts as no answer; after that there are none.
  [[nodiscard]] asio::awaitable<void> wait(const std::function<bool()>& over);

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] ReceiveQueue look();
  [[nodiscard]] Clock::duration moment_elsewhere() const;
  [[nodiscard]] asio::awaitable<void> pause(Clock::duration length);

  ws::io::Stream& stream_;
  const SessionOptions& options_;
  asio::steady_timer timer_;
  Clock::duration patience_;  // what is left of it
  bool was_here_ = false;     // the other end's socket was seen on this machine
};

}  // namespace touchstone
