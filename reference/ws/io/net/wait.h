// wait.h - waiting without polling: deadlines, a signal between coroutines, and a watchdog.
//
// Everything here belongs to one executor (one thread or strand) and is not locked.
#pragma once
#include <ws/io/net/asio_abi.h>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

namespace ws::io {

// The time of all deadlines: the system's steady clock, unless a test stopped it for its thread (ws/testing/clock.h).
struct Clock {
  using time_point = std::chrono::steady_clock::time_point;
  using duration = time_point::duration;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;

  [[nodiscard]] static time_point now() noexcept {
    return stopped != nullptr ? *stopped : std::chrono::steady_clock::now();
  }
  static inline thread_local constinit const time_point* stopped = nullptr;
};

// "As long as it takes", for every operation that takes a time limit.
constexpr std::chrono::milliseconds kNoLimit = std::chrono::milliseconds::max();

// The moment `limit` from now; limits too long for the clock mean never (time_point::max()).
[[nodiscard]] Clock::time_point deadline_after(std::chrono::milliseconds limit) noexcept;
// The opposite: how long it is until then, at least nothing; kNoLimit for never.
[[nodiscard]] std::chrono::milliseconds time_left(Clock::time_point until) noexcept;

// Lets coroutines sleep until another one says that something changed. Who wakes looks for himself
// whether it is what he waited for. The signal may be destroyed while waiters are suspended. Until somebody waits it is
// two pointers, for every connection has some.
class Signal {
 public:
  Signal() = default;
  explicit Signal(const asio::any_io_executor&) {}  // a waiter brings his own, which has to be the same for all

  // No error: notified. asio::error::timed_out: `until` passed. asio::error::operation_aborted: cancelled.
  // A notified waiter never reports cancellation, so that notify_one() is not lost.
  [[nodiscard]] asio::awaitable<std::error_code> wait(Clock::time_point until = Clock::time_point::max());

  void notify_all() {
    while (has_waiters()) notify_one();
  }
  void notify_one();  // the one that waits longest
  [[nodiscard]] bool has_waiters() const noexcept { return waiters_ != nullptr && !waiters_->empty(); }

 private:
  struct Waiter;
  using Waiters = std::vector<Waiter*>;  // few
  std::shared_ptr<Waiters> waiters_;     // shared with the suspended coroutines, which unlink themselves
};

// Calls `on_late` once at `expiry`, unless it was destroyed before.
class Watchdog {
 public:
  Watchdog(const asio::any_io_executor& executor, Clock::time_point expiry, std::function<void()> on_late);
  Watchdog(Watchdog&&) noexcept = default;
  Watchdog& operator=(Watchdog&& other) noexcept;
  ~Watchdog();
  [[nodiscard]] bool fired() const noexcept;

 private:
  struct State;
  void disarm() noexcept;
  std::shared_ptr<State> state_;  // outlives this object while the timer's handler is queued
};

}  // namespace ws::io
