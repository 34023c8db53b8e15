// wait.cc - signals and watchdogs on timers of Asio.
#include <ws/io/net/wait.h>

#include <asio/basic_waitable_timer.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ws::io {

using Timer = asio::basic_waitable_timer<Clock>;

Clock::time_point deadline_after(std::chrono::milliseconds limit) noexcept {
  if (limit == kNoLimit) return Clock::time_point::max();
  const auto now = Clock::now();
  const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - now);
  return limit >= longest ? Clock::time_point::max() : now + limit;
}

std::chrono::milliseconds time_left(Clock::time_point until) noexcept {
  if (until == Clock::time_point::max()) return kNoLimit;
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()), std::chrono::milliseconds(0));
}

struct Signal::Waiter {
  Timer timer;
  bool notified = false;
};

asio::awaitable<std::error_code> Signal::wait(Clock::time_point until) {
  // Also runs when the frame is destroyed while suspended.
  struct Link {
    std::shared_ptr<Waiters> waiters;
    Waiter& waiter;
    Link(std::shared_ptr<Waiters> all, Waiter& self) : waiters(std::move(all)), waiter(self) {
      waiters->push_back(&waiter);
    }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() {
      if (!waiter.notified) std::erase(*waiters, &waiter);
    }
  };
  // Nothing of this object is touched after this point: it may be gone.
  if (!waiters_) waiters_ = std::make_shared<Waiters>();
  std::shared_ptr<Waiters> waiters = waiters_;
  Waiter waiter{Timer(co_await asio::this_coro::executor, until)};
  const Link link(std::move(waiters), waiter);
  std::error_code error;
  co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (waiter.notified) co_return std::error_code{};
  co_return error ? error : make_error_code(asio::error::timed_out);
}

void Signal::notify_one() {
  if (!has_waiters()) return;
  Waiter* const waiter = waiters_->front();
  waiters_->erase(waiters_->begin());
  waiter->notified = true;
  waiter->timer.cancel();
}

struct Watchdog::State {
  Timer timer;
  std::function<void()> on_late;
  bool fired = false;
};

Watchdog::Watchdog(const asio::any_io_executor& executor, Clock::time_point expiry, std::function<void()> on_late)
    : state_(std::make_shared<State>(Timer(executor, expiry), std::move(on_late))) {
  if (expiry == Clock::time_point::max()) return;
  state_->timer.async_wait([state = state_](const std::error_code& error) {
    if (error || !state->on_late) return;  // disarmed, perhaps after this handler was queued
    state->fired = true;
    std::exchange(state->on_late, nullptr)();
  });
}

Watchdog& Watchdog::operator=(Watchdog&& other) noexcept {
  if (this != &other) {
    disarm();
    state_ = std::move(other.state_);
  }
  return *this;
}

Watchdog::~Watchdog() { disarm(); }

bool Watchdog::fired() const noexcept { return state_->fired; }

void Watchdog::disarm() noexcept {
  if (!state_) return;
  state_->on_late = nullptr;
  state_->timer.cancel();
}

}  // namespace ws::io
