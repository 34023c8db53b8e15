#include "runner/campaign/failures.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/minimise.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/campaign/scenes.h"

#include <algorithm>
#include <tuple>

namespace touchstone::fuzz {
namespace {

constexpr int kConfirmations = 3;
constexpr std::chrono::seconds kShrinking{8};  // a difference is made small for so long at most

}  // namespace

// What was never seen again alone comes of the other connections: where that is so of every stimulus, looking at all of
// them would be all that a campaign does. A scene has others of its own.
bool Failures::wants(const Case& c, const Evaluation& seen) {
  constexpr int kOften = 12, kThenOneIn = 24;
  if (!state_.counts(seen) || !state_.is_new(seen.cluster)) return false;
  if (state_.in_vain[seen.cluster] >= CampaignState::kMostVain) return false;
  int& doubts = not_alone_[seen.cluster];
  if (is_scene(c) || doubts < kOften) return true;
  ++doubts;
  return doubts % kThenOneIn == 0;
}

// Of an opening handshake, or a tunnel, that is unusual in several ways one may be at fault, and not that which names
// the cluster: then any rule will do (`any_rule`) that is broken in the same way.
asio::awaitable<bool> Failures::shows(const Case& candidate, std::size_t target, const Cluster& first, bool any_rule,
                                      const SessionOptions& session) {
  if (state_.stop) co_return false;
  state_.end.stats.took = state_.since_start();
  state_.observer.progress(state_.end.stats);  // this may take a while
  const Case c = expected(candidate, session.seed);
  const Evaluation now = co_await state_.try_out(c, target, session);
  const auto way = [](const Cluster& cluster) { return std::tie(cluster.kind, cluster.evidence, cluster.outcome); };
  const bool alike = way(now.cluster) == way(first);
  co_return state_.counts(now) && (now.cluster == first || (any_rule && alike));
}

// What is found when the time is up stays larger than it need be. An endpoint that is silent is not waited for in full
// each time: what is left in the end is confirmed with all patience.
asio::awaitable<Case> Failures::made_small(const Case& c, std::size_t target, const Cluster& first, bool any_rule) {
  SessionOptions brisk = state_.options.session;
  brisk.timeout = std::min(brisk.timeout, std::chrono::duration_cast<std::chrono::milliseconds>(Silences::kBrief));
  const auto until = CampaignState::Clock::now() + kShrinking;
  const StillShows in_time = [&](const Case& candidate) -> asio::awaitable<bool> {
    if (state_.time_is_up() || CampaignState::Clock::now() >= until) co_return false;
    co_return co_await shows(candidate, target, first, any_rule, brisk);
  };
  const Case small = co_await minimise(c, in_time);
  co_return expected(small, state_.options.session.seed);
}

// By this one connection alone, several times in the same way.
asio::awaitable<bool> Failures::confirm(Difference& difference, std::size_t target) {
  SessionOptions whole = state_.options.session;
  whole.keep_whole = true;
  for (int i = 0; i < kConfirmations; ++i) {
    difference.shown = co_await state_.try_out(difference.stimulus, target, whole);
    if (i == 0) difference.cluster = difference.shown.cluster;
    if (!state_.counts(difference.shown) || difference.shown.cluster != difference.cluster) co_return false;
  }
  co_return true;
}

asio::awaitable<void> Failures::look_at(const Case& c, std::size_t target, const Evaluation& seen,
                                        std::uint64_t input) {
  const Cluster first = seen.cluster;
  const bool any_rule = has_opening(c) || has_raw_request(c) || c.http2;
  // Alone first: beside other connections an endpoint may only have been slow.
  if (!co_await shows(c, target, first, any_rule, state_.options.session)) {
    ++state_.end.stats.unstable;
    ++not_alone_[first];
    co_return;
  }
  Difference difference;
  difference.input = input;
  difference.after = state_.since_start();
  difference.stimulus = co_await made_small(c, target, first, any_rule);
  bool confirmed = co_await confirm(difference, target);
  if (!confirmed) {
    difference.stimulus = c;
    confirmed = co_await confirm(difference, target);
  }
  if (!confirmed) ++state_.end.stats.unstable;
  if (!confirmed || !state_.is_new(difference.cluster)) {
    ++state_.in_vain[first];
    co_return;
  }
  kept_.keep(difference.shown.observation.transcript, difference.shown.observation.flooded);
  state_.report(difference);
}

}  // namespace touchstone::fuzz
