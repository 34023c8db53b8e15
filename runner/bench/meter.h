// meter.h - what counts of a load: the time in which it counts, the echoes and latencies of that time, its seconds one
// by one, the processor time, and the progress that is told meanwhile. The same for each carrier.
#pragma once
#include "runner/bench/options.h"

namespace touchstone::bench {

class Meter {
 public:
  // All of them outlive the meter; it writes `result`.
  Meter(const LoadOptions& options, const std::function<void(const Progress&)>& tell, LoadResult& result);

  // The connections begin to open.
  void opening_begins(Clock::time_point now) noexcept { told_ = now; }

  // The load begins; what is due in options.duration after the warm-up counts. Idle connections have no warm-up.
  void begin(Clock::time_point now);
  [[nodiscard]] Clock::time_point from() const noexcept { return from_; }
  [[nodiscard]] Clock::time_point to() const noexcept { return to_; }
  // The moment that is waited for: the end of the warm-up, then of the load.
  [[nodiscard]] Clock::time_point next_boundary(Clock::time_point now) const noexcept {
    return now < from_ ? from_ : to_;
  }

  // Between begin() and end(), at least once a boundary: begins to measure when it is time.
  void look(Clock::time_point now);
  // An echo came; its message was due at `due`, which a server that hangs does not move.
  void count(Clock::time_point now, Clock::time_point due);
  // Samples and tells, when it is time for either.
  void report(Clock::time_point now);
  // The load is over, at its time or before it.
  void end(Clock::time_point now);

  // How far a phase is that lasts from `begin` to `end`; the opening knows it by its connections.
  void tell(Progress::Phase phase, Clock::time_point now, Clock::time_point begin, Clock::time_point end);

 private:
  void take_sample(Clock::time_point now,
                   std::chrono::nanoseconds least);  // when so much time has passed since the last

  const LoadOptions& options_;
  const std::function<void(const Progress&)>& tell_;
  LoadResult& result_;
  bool measuring_ = false;
  Clock::time_point begun_{};
  Clock::time_point from_ = Clock::time_point::max(), to_ = Clock::time_point::max();
  std::chrono::nanoseconds own_before_{}, server_before_{};  // processor time
  Clock::time_point sampled_{}, told_{};
  Histogram second_;
  std::uint64_t sampled_echoes_ = 0;
  std::uint64_t echoes_ = 0, told_echoes_ = 0;  // all, whether they count or not
};

}  // namespace touchstone::bench
