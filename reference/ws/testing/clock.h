// clock.h - time that passes only when the test says so: no test has to sleep to see a deadline pass.
#pragma once
#include <ws/io/net/wait.h>

namespace ws::testing {

// Stops ws::io::Clock for the thread that makes it, as long as it lives: every deadline of ws::io, and the delays of a
// Pipe, then wait for advance(). That thread has to be the one that runs the executor. One at a time.
class ManualClock {
 public:
  explicit ManualClock(asio::any_io_executor executor);
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;
  ~ManualClock();  // time goes on

  [[nodiscard]] io::Clock::time_point now() const noexcept { return now_; }

  // Time passes. Whatever is due then runs on the executor, in the order of the deadlines.
  void advance(io::Clock::duration by);

 private:
  asio::any_io_executor executor_;
  io::Clock::time_point now_;
};

}  // namespace ws::testing
