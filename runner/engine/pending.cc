#include "runner/engine/pending.h"

#include <utility>

namespace touchstone {

void Pending::take(Attempt attempt) {
  if (!attempt.abrupt) return settle(std::move(attempt));
  make_known(attempt);
  abrupt_.push_back(std::move(attempt));
}

void Pending::settle(Attempt attempt) {
  const bool in_doubt = Doubts::about(attempt);
  if (in_doubt && attempt.brief && !Doubts::rests_on_octets(attempt.result)) {
    models_.set_aside(std::move(attempt));
  } else if (confirm_ && in_doubt) {
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
  Models models = models_;
  for (Attempt& attempt : models.like()) observer_.finished(models.not_judged(std::move(attempt)));
  for (const Doubts::Beside& beside : doubts_.beside()) observer_.finished(Doubts::settled(beside));
}

}  // namespace touchstone
