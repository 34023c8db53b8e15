#include "runner/live/network.h"

#include "runner/catalogue/read_case.h"

#include <asio/error.hpp>

#include <algorithm>

namespace touchstone {
namespace {

using Clock = ws::io::Clock;
constexpr std::uint64_t kMostRate = 1ULL << 40;
constexpr std::uint64_t kMostMs = 3'600'000;
constexpr std::uint64_t kPiecesASecond = 20;  // of a slow line: smooth, and not one write an octet

}  // namespace

Network read_network(const Cursor& c, Network base) {
  if (!c.object({}, {"bytes_per_s", "latency_ms", "piece", "stall", "cut_after", "cut_by"})) return base;
  if (c.has("bytes_per_s")) base.bytes_per_s = c.at("bytes_per_s").number(0, kMostRate).value_or(0);
  if (c.has("latency_ms")) {
    base.latency = std::chrono::milliseconds(c.at("latency_ms").number(0, kMostMs).value_or(0));
  }
  if (c.has("piece")) base.piece = c.at("piece").number(0, kMaxPayload).value_or(0);
  if (c.has("stall")) base.stall = c.at("stall").boolean().value_or(false);
  if (c.has("cut_after")) base.cut_after = c.at("cut_after").number(0, UINT64_MAX).value_or(0);
  if (c.has("cut_by")) {
    const auto how = c.at("cut_by").text().value_or("fin");
    if (how != "fin" && how != "reset") c.at("cut_by").wrong("fin or reset");
    base.cut_by_reset = how == "reset";
  }
  return base;
}

void Road::set(const Network& network) {
  network_ = network;
  changed_.notify_all();
}

void Road::give_up() {
  given_up_ = true;
  changed_.notify_all();
}

asio::awaitable<bool> Road::pass() {
  while (network_.stall && !given_up_) (void)co_await changed_.wait();
  co_return !given_up_;
}

asio::awaitable<void> Road::wait_until(Clock::time_point when) {
  while (!given_up_ && Clock::now() < when) (void)co_await changed_.wait(when);
}

std::size_t Road::next_piece(std::size_t left) const noexcept {
  std::uint64_t most = left;
  if (network_.piece > 0) most = std::min(most, network_.piece);
  if (network_.bytes_per_s > 0) {
    most = std::min(most, std::max<std::uint64_t>(network_.bytes_per_s / kPiecesASecond, 1));
  }
  if (network_.cut_after) most = std::min(most, *network_.cut_after);
  return static_cast<std::size_t>(most);
}

// The line carries its octets one after the other.
asio::awaitable<void> Road::keep_pace(std::size_t octets) {
  if (network_.bytes_per_s == 0) co_return;
  const auto takes = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(static_cast<double>(octets) / static_cast<double>(network_.bytes_per_s)));
  free_at_ = std::max(free_at_, Clock::now()) + takes;
  co_await wait_until(free_at_);
}

asio::awaitable<std::error_code> Road::carry(ws::io::Stream& to, ws::ByteView octets,
                                             std::function<void(ws::ByteView)> before) {
  while (!octets.empty()) {
    if (!co_await pass()) co_return asio::error::operation_aborted;
    const auto piece = octets.first(next_piece(octets.size()));
    octets = octets.subspan(piece.size());
    co_await keep_pace(piece.size());
    if (given_up_) co_return asio::error::operation_aborted;
    if (!piece.empty()) {
      before(piece);
      if (const auto error = co_await to.write(piece)) co_return error;
    }
    if (!network_.cut_after) continue;
    *network_.cut_after -= std::min<std::uint64_t>(*network_.cut_after, piece.size());
    if (*network_.cut_after > 0) continue;
    was_cut_ = true;
    co_return asio::error::operation_aborted;
  }
  co_return std::error_code{};
}

}  // namespace touchstone
