#include "runner/campaign/deaths.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/minimise.h"
#include "runner/campaign/signature.h"

#include <ws/rules/finding.h>

#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr int kChances = 5;      // of stimuli that end the endpoint together
constexpr int kDeathTries = 60;  // of making a stimulus small that ends the endpoint: each may cost a start

}  // namespace

bool Deaths::start_again(std::size_t target, const std::string& why) {
  auto ended = state_.observer.endpoint_died(state_.targets[target], why);
  if (ended) {
    how_it_ended_ = std::move(*ended);
  } else {
    how_it_ended_ = state_.end.lost = ended.error();
  }
  return !state_.lost();
}

// Whether the endpoint dies of it. Then it is up again, unless the campaign has lost it.
asio::awaitable<bool> Deaths::dies_of(const Case& c, std::size_t target) {
  (void)co_await state_.try_out(c, target, state_.options.session);
  const auto dead = co_await state_.why_dead(target);
  if (dead) start_again(target, *dead);
  co_return dead.has_value();
}

// One by one until it dies again; where none does so alone, many at a time.
asio::awaitable<std::set<std::size_t>> Deaths::look_at(std::size_t target, std::string why,
                                                       const std::vector<Case>& stimuli, std::uint64_t before) {
  std::set<std::size_t> culprits;
  if (!co_await state_.why_dead(target)) co_return culprits;
  if (!start_again(target, why)) {
    report(target, before + 1, false, stimuli);
    co_return culprits;
  }
  for (std::size_t i = 0; i < stimuli.size(); ++i) {
    if (state_.stop) co_return culprits;
    if (!co_await dies_of(stimuli[i], target)) continue;
    culprits.insert(i);
    if (state_.lost()) {
      report(target, before + i + 1, true, std::vector<Case>(1, stimuli[i]));
      co_return culprits;
    }
    // Once more, alone: a machine that is busy elsewhere may have kept it from answering.
    if (co_await dies_of(stimuli[i], target)) {
      co_await look_at_killer(target, stimuli[i], before + i + 1);
    } else {
      ++state_.end.stats.unstable;
    }
    co_return culprits;
  }
  // Nobody knows which of them it needs, so none goes again.
  for (std::size_t i = 0; i < stimuli.size(); ++i) culprits.insert(i);
  if (!state_.is_new(cluster_of(target, stimuli.front(), false))) co_return culprits;
  std::vector<Case> few = co_await fewest_together(stimuli, target);
  report(target, before + 1, false, std::move(few));
  co_return culprits;
}

asio::awaitable<std::vector<Case>> Deaths::fewest_together(const std::vector<Case>& stimuli, std::size_t target) {
  int tries = kDeathTries;
  const auto still_die = [&](const std::vector<Case>& fewer) -> asio::awaitable<bool> {
    --tries;
    if (fewer.empty()) co_return false;
    co_return co_await dies_of_all(fewer, target);
  };
  const auto enough = [&] { return tries <= 0 || state_.time_is_up() || state_.lost(); };
  co_return co_await fewest(stimuli, still_die, enough);
}

// As dies_of(), of many at a time. Chance has a hand in it, so they go several times, a whole batch each time.
asio::awaitable<bool> Deaths::dies_of_all(std::vector<Case> stimuli, std::size_t target) {
  stimuli.reserve(kTogether);
  for (std::size_t i = 0; stimuli.size() < kTogether; ++i) stimuli.push_back(stimuli[i]);
  for (int i = 0; i < kChances && !state_.lost() && !state_.time_is_up(); ++i) {
    evaluators_.start(stimuli);
    state_.end.stats.connections += evaluators_.finish().size();
    const auto dead = co_await state_.why_dead(target);
    if (!dead) continue;
    start_again(target, *dead);
    co_return true;
  }
  co_return false;
}

// It ends the endpoint by itself, each time.
asio::awaitable<void> Deaths::look_at_killer(std::size_t target, const Case& c, std::uint64_t input) {
  if (!state_.is_new(cluster_of(target, c, true))) co_return;
  const std::uint64_t seed = state_.options.session.seed;
  const StillShows kills = [this, target, seed](const Case& candidate) -> asio::awaitable<bool> {
    if (state_.time_is_up() || state_.lost()) co_return false;
    const Case c_now = expected(candidate, seed);
    co_return co_await dies_of(c_now, target);
  };
  const Case smallest = expected(co_await minimise(c, kills, kDeathTries), seed);
  Evaluation shown;
  if (!state_.lost()) {
    SessionOptions whole = state_.options.session;
    whole.keep_whole = true;
    shown = co_await state_.try_out(smallest, target, whole);
    if (const auto dead = co_await state_.why_dead(target)) start_again(target, *dead);
  }
  report(target, input, true, std::vector<Case>(1, smallest), std::move(shown));
}

Cluster Deaths::cluster_of(std::size_t target, const Case& c, bool alone) const {
  return {state_.targets[target].name,
          alone ? c.requirements.front() : std::string(kProcessing),
          std::string(ws::rules::name(ws::rules::FindingKind::endpoint_died)),
          {},
          (alone ? "alone " : "together ") + signature_of(how_it_ended_)};
}

// `stimuli`: one, or all that were under way.
void Deaths::report(std::size_t target, std::uint64_t input, bool alone, std::vector<Case> stimuli, Evaluation shown) {
  Difference difference;
  difference.cluster = cluster_of(target, stimuli.front(), alone);
  if (!state_.is_new(difference.cluster)) return;
  difference.death = how_it_ended_;
  difference.stimulus = stimuli.front();
  if (!alone) difference.together = std::move(stimuli);
  difference.shown = std::move(shown);
  difference.input = input;
  difference.after = state_.since_start();
  state_.report(difference);
}

}  // namespace touchstone::fuzz
