#include "runner/engine/pending.h"

#include <utility>

namespace touchstone {

void Pending::take(Attempt attempt) {
  if (!attempt.abrupt) return settle(std::move(attempt));
  make_known(attempt);
  abrupt_.push_back(std::move(attempt));
}

void Pending::settle(Attempt attempt) {
  if (confirm_ && Doubts::about(attempt)) {
    make_known(attempt);
    doubts_.add(std::move(attempt));
  } else {
    observer_.finished(attempt.result);
  }
}

void Pending::settle_abrupt() {
  for (Attempt& attempt : take_abrupt()) settle(std::move(attempt));
}

// Whatever ends this process, the verdict outlives it.
void Pending::make_known(const Attempt& attempt) {
  Result result = attempt.result;
  if (confirm_ && Doubts::about(attempt))
    result.summary += " (Seen once: the run ended before the case had run again alone.)";
  observer_.known(result);
}

void Pending::report_all() const {
  for (const Attempt& attempt : abrupt_) observer_.finished(attempt.result);
  for (const Attempt& attempt : doubts_.all()) observer_.finished(attempt.result);
  for (const Doubts::Beside& beside : doubts_.beside()) observer_.finished(Doubts::settled(beside));
}

}  // namespace touchstone
