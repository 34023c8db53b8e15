#include "runner/engine/confirmation.h"

#include <ws/io/net/wait.h>

#include <asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace touchstone {
namespace {

constexpr int kTimesBeside = 3;
constexpr int kMostTurnedAwayAlone = 8;  // times that an endpoint says to one case that it is too busy
constexpr std::size_t kLeastBeside = 8;

// Runs those in doubt side by side: each beside the others, or beside itself where there are too few.
asio::awaitable<void> run_beside(Doubts& doubts, Attempts& attempts) {
  const auto executor = co_await asio::this_coro::executor;
  auto& all = doubts.beside();
  const std::size_t times = std::max(kLeastBeside, all.size());
  const auto left = std::make_shared<std::size_t>(times);
  const auto changed = std::make_shared<ws::io::Signal>(executor);
  const auto shown = std::make_shared<std::vector<bool>>(all.size());
  for (std::size_t i = 0; i < times; ++i) {
    const std::size_t which = i % all.size();
    asio::co_spawn(executor, attempts.run(*all[which].first.c), [=](std::exception_ptr, const Attempt& attempt) {
      (*shown)[which] = (*shown)[which] || Doubts::rests_on_octets(attempt.result);
      --*left;
      changed->notify_all();
    });
  }
  while (*left > 0) (void)co_await changed->wait();
  for (std::size_t i = 0; i < all.size(); ++i) {
    ++all[i].runs;
    all[i].again += (*shown)[i] ? 1 : 0;
  }
}

asio::awaitable<void> confirm_beside(Doubts& doubts, Attempts& attempts, Survival& survival, RunObserver& observer) {
  for (int round = 0; round < kTimesBeside && !doubts.beside().empty() && !survival.over(); ++round) {
    co_await run_beside(doubts, attempts);
  }
  for (Doubts::Beside& beside : std::exchange(doubts.beside(), {})) {
    observer.finished(Doubts::settled(std::move(beside)));
  }
}

// What may be a habit is tried on a fresh connection.
asio::awaitable<void> ask_about(Habits& habits, Attempts& attempts, const Survival& survival) {
  while (!survival.over()) {
    const auto trial = habits.trial();
    if (!trial) co_return;
    habits.settle(co_await attempts.tried(*trial));
  }
}

// What was not judged because it was like others is, where these turned out to be accidents.
asio::awaitable<void> confirm_likeness(Models& models, Attempts& attempts, Survival& survival, RunObserver& observer) {
  while (!models.like().empty()) {
    const Attempt& next = models.like().front();
    const bool again = models.is_refuted(next) && !survival.over();
    Result result;  // g++ 12 destroys twice what ?: makes of a co_await
    if (again) {
      result = (co_await attempts.run(*next.c, /*keep_whole=*/true)).result;
    } else {
      result = models.not_judged(next);
    }
    models.like().pop_front();
    observer.finished(result);
  }
}

}  // namespace

asio::awaitable<void> confirm(Pending& pending, Attempts& attempts, Survival& survival, RunObserver& observer,
                              unsigned jobs) {
  Doubts& doubts = pending.doubts();
  doubts.mark_hopeless([&](const Attempt& attempt) { return attempts.is_hopeless(attempt); });
  doubts.rare_ones_first();
  Habits& habits = attempts.habits();
  if (!doubts.empty()) co_await ask_about(habits, attempts, survival);
  while (!doubts.empty()) {
    if (habits.explains(doubts.next().result)) {
      observer.finished(habits.without_it(doubts.take_next().result));
      continue;
    }
    if (survival.over() || doubts.next_is_beyond_doubt()) {
      observer.finished(doubts.take_next().result);
      continue;
    }
    const bool was_silent = doubts.next().waited;
    Attempt second = co_await attempts.run(*doubts.next().c, /*keep_whole=*/true, /*proves_end=*/was_silent);
    for (int i = 0; second.turned_away && i < kMostTurnedAwayAlone && !survival.over(); ++i) {
      co_await attempts.leave_alone();
      second = co_await attempts.run(*doubts.next().c, /*keep_whole=*/true, /*proves_end=*/was_silent);
    }
    if (!second.waited) pending.models().refute(doubts.next());
    Attempt first = doubts.take_next();  // only now: an interruption meanwhile reports it as it is
    if (second.no_connection) {
      // It was gone before this case began: an earlier one is to blame.
      observer.finished(first.result);
      if (!co_await survival.alive()) co_await survival.died_between_cases();
    } else if (second.abrupt && !co_await survival.alive() && !survival.over()) {
      co_await survival.died_of(*second.c, std::move(second.result));
    } else if (jobs > 1 && Doubts::rests_on_octets(first.result) && second.result.behavior != Behavior::failed) {
      doubts.add(Doubts::Beside{.first = std::move(first), .alone = std::move(second)});
    } else {
      observer.finished(doubts.settled(std::move(first), std::move(second)));
    }
  }
  co_await confirm_likeness(pending.models(), attempts, survival, observer);
  co_await confirm_beside(doubts, attempts, survival, observer);
}

}  // namespace touchstone
