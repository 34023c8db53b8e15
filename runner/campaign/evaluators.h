// evaluators.h - threads that try stimuli out at the endpoints, many at a time.
#pragma once
#include "runner/campaign/evaluate.h"

#include <functional>
#include <memory>
#include <vector>

namespace touchstone::fuzz {

class Evaluators {
 public:
  // `jobs` connections at a time, all endpoints together, shared out among as many threads as the machine has cores.
  // Both references stay valid as long as this lives. `enough`, asked from any thread: nothing new is begun any more;
  // `too_late`: what is under way is given up.
  Evaluators(const std::vector<Target>& targets, const SessionOptions& options, unsigned jobs,
             std::function<bool()> enough, std::function<bool()> too_late = {});
  ~Evaluators();

  // Gives each stimulus its expectation (expected()) and tries it out at each endpoint, one connection each. `stimuli`
  // are the threads' until finish().
  void start(std::vector<Case>& stimuli);
  // Waits for all of them: all endpoints of the first stimulus, then of the second ... What a thread throws, this
  // throws. Nothing when they were given up; then nothing is started any more.
  [[nodiscard]] std::vector<Evaluation> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone::fuzz
