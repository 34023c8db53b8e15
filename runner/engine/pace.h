// pace.h - how many opening handshakes in a second an endpoint takes, where it turns away what is beyond (RFC
// 6455 10.4).
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>

namespace touchstone {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // One is asked for.
  void asked(Clock::time_point now) { asked_.push_back(now); }
  // It opened.
  void opened(Clock::time_point now) {
    forget_until(now);
    opened_.push_back(now);
    if (most_ == kAny || ++since_ < kUntroubled * most_) return;
    since_ = 0;
    most_ += 1 + most_ / 10;
  }
  // One was turned away although there was no other beside it: what was taken within a second is all that is taken. The
  // endpoint's second begins when it accepts, and ours when we know of it: a little less is asked for. Connections that
  // cases open beside their own are not known here, so that it does not become less than four fifths at once.
  void turned_away(Clock::time_point now) {
    forget_until(now);
    since_ = 0;
    const std::size_t least = most_ == kAny ? 1 : std::max<std::size_t>(1, most_ * 4 / 5);
    most_ = std::clamp(opened_.size() * 9 / 10, least, std::max(least, most_));
  }
  // The next one may be asked for then, and not before.
  [[nodiscard]] Clock::time_point next(Clock::time_point now) {
    forget_until(now);
    if (asked_.size() < most_) return now;
    return asked_[asked_.size() - most_] + kSecond;
  }

 private:
  static constexpr std::chrono::seconds kSecond{1};
  static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  // Without another refusal for so many seconds, a little more is tried: the limit may have been of a moment.
  static constexpr std::size_t kUntroubled = 3;

  void forget_until(Clock::time_point now) {
    for (auto* times : {&asked_, &opened_})
      while (!times->empty() && times->front() <= now - kSecond) times->pop_front();
  }

  std::deque<Clock::time_point> asked_, opened_;  // within the last second
  std::size_t most_ = kAny;                       // in a second
  std::size_t since_ = 0;                         // opened since one was turned away
};

}  // namespace touchstone
