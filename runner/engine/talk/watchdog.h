// watchdog.h - closes a stream on which nothing gets through any more.
#pragma once
#include <ws/io/net/stream.h>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace touchstone {

class Watchdog {
 public:
  explicit Watchdog(ws::io::Stream& stream) : state_(std::make_shared<State>(stream)) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() { disarm(); }

  void arm(std::chrono::milliseconds limit) {
    state_->armed = true;
    state_->timer.expires_after(limit);
    state_->timer.async_wait([state = state_](const std::error_code& error) {
      const bool armed_anew = state->timer.expiry() > std::chrono::steady_clock::now();
      if (error || !state->armed || armed_anew) return;
      state->bit = true;
      state->stream.close();
    });
  }
  void disarm() {
    state_->armed = false;
    state_->timer.cancel();
  }
  [[nodiscard]] bool bit() const noexcept { return state_->bit; }

 private:
  // Outlives the watchdog while a wait is under way.
  struct State {
    explicit State(ws::io::Stream& s) : stream(s), timer(s.executor()) {}
    ws::io::Stream& stream;
    asio::steady_timer timer;
    bool armed = false, bit = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace touchstone
