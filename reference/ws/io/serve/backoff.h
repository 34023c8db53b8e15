// backoff.h - how long to wait before the next attempt: longer each time, and not in step with everybody else.
//
// When a server comes back, all of its clients want it at once; random waits spread them (RFC 6455 7.2.3).
#pragma once
#include <chrono>
#include <functional>

namespace ws::io {

struct BackoffOptions {
  std::chrono::milliseconds first{500};       // the longest wait before the second attempt
  std::chrono::milliseconds longest{30'000};  // no wait is longer
  double factor = 2;                          // at least 1: of the longest wait, from attempt to attempt
  double jitter = 1;  // 0 to 1: the part of the wait that is random; the rest is waited for sure
};

class Backoff {
 public:
  // `random` gives numbers from 0 up to, but not including, 1.
  Backoff(BackoffOptions options, std::function<double()> random);

  // The wait before the next attempt.
  [[nodiscard]] std::chrono::milliseconds next();
  // An attempt succeeded.
  void reset() noexcept;

 private:
  BackoffOptions options_;
  std::function<double()> random_;
  double bound_;  // of the next wait, in milliseconds
};

}  // namespace ws::io
