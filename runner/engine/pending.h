// pending.h - verdicts that are not reported yet: those that may be the trace of a death, and those in doubt.
#pragma once
#include "runner/engine/doubts.h"
#include "runner/engine/models.h"

#include <vector>

namespace touchstone {

class Pending {
 public:
  // `confirm`: whether failures are run again alone. The observer outlives it.
  Pending(RunObserver& observer, bool confirm) : observer_(observer), confirm_(confirm) {}

  // A result that may be the trace of a death waits until the endpoint is known to be alive.
  void take(Attempt attempt);
  // The endpoint outlived it: it is reported, or runs again first.
  void settle(Attempt attempt);
  void settle_abrupt();

  [[nodiscard]] bool has_abrupt() const noexcept { return !abrupt_.empty(); }
  [[nodiscard]] std::vector<Attempt> take_abrupt() { return std::exchange(abrupt_, {}); }
  [[nodiscard]] Doubts& doubts() noexcept { return doubts_; }
  [[nodiscard]] Models& models() noexcept { return models_; }

  // Nobody will look a second time: what waits is reported as it is.
  void report_all() const;

 private:
  void make_known(const Attempt& attempt);

  RunObserver& observer_;
  bool confirm_;
  std::vector<Attempt> abrupt_;
  Doubts doubts_;
  Models models_;
};

}  // namespace touchstone
