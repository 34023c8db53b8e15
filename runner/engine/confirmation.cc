#include "runner/engine/confirmation.h"

#include <utility>

namespace touchstone {

asio::awaitable<void> confirm(Doubts& doubts, Attempts& attempts, Survival& survival, RunObserver& observer) {
  doubts.rare_ones_first();
  while (!doubts.empty()) {
    if (survival.over() || doubts.next_is_beyond_doubt()) {
      observer.finished(doubts.take_next().result);
      continue;
    }
    Attempt second = co_await attempts.run(*doubts.next().c, /*keep_whole=*/true);
    Attempt first = doubts.take_next();  // only now: an interruption meanwhile reports it as it is
    if (second.no_connection) {
      // It was gone before this case began: an earlier one is to blame.
      observer.finished(first.result);
      if (!co_await survival.alive()) survival.died_between_cases();
    } else if (second.abrupt && !co_await survival.alive() && !survival.over()) {
      survival.died_of(*second.c, std::move(second.result));
    } else {
      observer.finished(doubts.settled(std::move(first), std::move(second)));
    }
  }
}

}  // namespace touchstone
