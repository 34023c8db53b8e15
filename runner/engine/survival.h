// survival.h - whether the endpoint still accepts connections, and what is said where it does not.
#pragma once
#include "runner/engine/attempt.h"

#include <chrono>
#include <string>
#include <vector>

namespace touchstone {

// Of one run. It is `over` when the endpoint is dead and nobody starts it anew, when this machine has no room for
// connections, or when it was interrupted.
class Survival {
 public:
  // Both outlive it.
  Survival(Attempts& attempts, RunObserver& observer) : attempts_(attempts), observer_(observer) {}

  [[nodiscard]] bool over() const noexcept { return outcome_.how != RunOutcome::How::complete; }
  [[nodiscard]] const RunOutcome& outcome() const noexcept { return outcome_; }

  void interrupt() { outcome_ = {RunOutcome::How::interrupted, "interrupted"}; }
  // The time that the run may take has passed.
  void out_of_time(std::chrono::milliseconds budget);
  // A connection was refused, and `why`.
  void refused(std::string why) { why_ = std::move(why); }
  // This machine had no descriptor for one more connection: nothing is known of the endpoint, so nothing is said of it.
  void run_short();

  // Asks the endpoint; a shortage of this machine's own ends the run.
  [[nodiscard]] asio::awaitable<bool> alive();

  // It died while one of `suspects`, or none, ran. True: a fresh endpoint is up, started by the observer or by whoever
  // else watches over it. Otherwise the run is over, and the suspects are reported: one of several did it, and which
  // one, nobody can say without the endpoint.
  [[nodiscard]] asio::awaitable<bool> revived_after(std::vector<Attempt>& suspects);
  // It died of `c`, which ran alone: that is reported as the case's result, and an endpoint is asked for.
  [[nodiscard]] asio::awaitable<void> died_of(const Case& c, Result result);
  [[nodiscard]] asio::awaitable<void> died_between_cases();

 private:
  asio::awaitable<void> ask_for_a_fresh_one(std::vector<const Case*> suspects, std::string at);
  asio::awaitable<bool> comes_back();

  Attempts& attempts_;
  RunObserver& observer_;
  RunOutcome outcome_;
  std::string why_;
};

}  // namespace touchstone
