// network.h - one direction of a connection as a bad network has it: slow, late, in pieces, stalled, cut off.
#pragma once
#include "runner/catalogue/cursor.h"

#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

namespace touchstone {

struct Network {
  std::uint64_t bytes_per_s = 0;         // 0: as fast as it goes
  std::chrono::milliseconds latency{0};  // from a write to its way out; later writes do not add to it
  std::uint64_t piece = 0;               // octets a write; 0: as they come
  bool stall = false;                    // nothing goes through
  // So many octets go through from when this is set, and then TCP ends.
  std::optional<std::uint64_t> cut_after{};
  bool cut_by_reset = false;
};
// {"bytes_per_s": n, "latency_ms": n, "piece": n, "stall": bool, "cut_after": n, "cut_by": "fin" or "reset"}: what is
// named changes, all else stays as it is in `base`.
[[nodiscard]] Network read_network(const Cursor& c, Network base = {});

class Road {
 public:
  explicit Road(const asio::any_io_executor& executor) : changed_(executor) {}

  void set(const Network& network);
  [[nodiscard]] const Network& network() const noexcept { return network_; }
  // Who waits here goes on with an error: the connection is given up.
  void give_up();

  // Writes the octets as the network lets them through; `before` is told each piece before it goes out. An error of
  // the stream, or asio::error::operation_aborted after a cut or give_up().
  [[nodiscard]] asio::awaitable<std::error_code> carry(ws::io::Stream& to, ws::ByteView octets,
                                                       std::function<void(ws::ByteView)> before);
  // For who has written at `sent` and is only late.
  [[nodiscard]] asio::awaitable<void> wait_until(ws::io::Clock::time_point when);
  // Until it does not stall; false: given up.
  [[nodiscard]] asio::awaitable<bool> pass();
  [[nodiscard]] bool was_cut() const noexcept { return was_cut_; }

 private:
  [[nodiscard]] std::size_t next_piece(std::size_t left) const noexcept;
  [[nodiscard]] asio::awaitable<void> keep_pace(std::size_t octets);

  Network network_;
  ws::io::Signal changed_;
  ws::io::Clock::time_point free_at_{};  // the line is busy until then
  bool given_up_ = false, was_cut_ = false;
};

}  // namespace touchstone
