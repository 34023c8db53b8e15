// schedule.h - a fixed rate: which message of which connection is due when. The connections take turns, so that each
// moment follows from a number. A message that its connection has no place for yet stays owed with the moment for
// which it was meant: its latency counts from there, or a server that stalls would be asked less just then and look
// better than it is ("coordinated omission").
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace touchstone::bench {

class Schedule {
 public:
  using Clock = std::chrono::steady_clock;

  // `rate` messages per second from `begin` on, over `connections` of them.
  Schedule(Clock::time_point begin, double rate, std::size_t connections)
      : begin_(begin), interval_(1e9 / rate), due_(connections), sent_(connections) {}

  // The connection whose message became due by `now`, if any: it owes that message from now on.
  [[nodiscard]] std::optional<std::size_t> next(Clock::time_point now) {
    if (next_at() > now) return std::nullopt;
    const auto connection = static_cast<std::size_t>(number_++ % due_.size());
    ++due_[connection];
    return connection;
  }
  [[nodiscard]] Clock::time_point next_at() const { return at(number_); }

  // The moment of the oldest message that the connection owes; it is owed no more.
  [[nodiscard]] std::optional<Clock::time_point> owed(std::size_t connection) {
    if (sent_[connection] == due_[connection]) return std::nullopt;
    return at(sent_[connection]++ * due_.size() + connection);
  }

  // Calls `visit` with the moment of every message that is owed and due in [from, to).
  template <class Visit>
  void for_each_owed(Clock::time_point from, Clock::time_point to, Visit visit) const {
    for (std::size_t c = 0; c < due_.size(); ++c) {
      for (std::uint64_t k = sent_[c]; k < due_[c]; ++k) {
        const auto moment = at(k * due_.size() + c);
        if (moment >= from && moment < to) visit(moment);
      }
    }
  }

 private:
  [[nodiscard]] Clock::time_point at(std::uint64_t number) const {
    return begin_ + std::chrono::nanoseconds(static_cast<std::int64_t>(interval_ * static_cast<double>(number)));
  }

  Clock::time_point begin_;
  double interval_;           // nanoseconds
  std::uint64_t number_ = 0;  // messages that were due so far
  std::vector<std::uint64_t> due_, sent_;
};

}  // namespace touchstone::bench
