#include "runner/campaign/campaign.h"

#include "runner/campaign/campaign_state.h"
#include "runner/campaign/deaths.h"
#include "runner/campaign/failures.h"
#include "runner/campaign/scenes.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace touchstone::fuzz {
namespace {

// Stimuli that are made from the same knowledge: few at first, so that an endpoint that is silent is looked at early.
constexpr std::size_t kFirstBatch = 16, kBatch = Deaths::kTogether;
// Scenes last, so they are a batch of their own: the first one soon, then one after so many batches, twice as many each
// time up to the most.
constexpr std::size_t kScenes = 16;
constexpr std::uint64_t kBatchesBefore = 5, kFewestBetween = 5, kMostBetween = 40;
constexpr int kMostRounds = 8;  // of a batch in which stimuli found the endpoint dead

// Batch after batch: what was kept is varied, what gave a new outcome is kept, what breaks a rule is looked at.
class Campaign {
 public:
  Campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
           const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop)
      : state_{targets, options, observer, stop},
        corpus_(std::move(corpus)),
        to_resume_(corpus_.size()),
        mutator_(options.seed, options.layers, std::move(seeds)),
        evaluators_(
            targets, options.session, options.jobs, [this] { return state_.time_is_up(); },
            [this] { return state_.too_late(); }) {}

  CampaignEnd run() {
    asio::co_spawn(context_, all(), rethrown);
    asio::co_spawn(context_, watch(), rethrown);
    context_.run();
    note();
    return std::move(state_.end);
  }

 private:
  struct Batch {
    std::vector<Case> stimuli;
    std::size_t resumed = 0;   // the first ones, from an earlier campaign
    std::uint64_t before = 0;  // the number of stimuli that went before it
  };

  void note() {
    state_.end.stats.took = state_.since_start();
    state_.end.stats.pairs = mutator_.pairs();
  }

  asio::awaitable<void> watch() {
    co_await until([this] { return state_.too_late(); });
    context_.stop();
  }

  asio::awaitable<void> all() {
    while (!state_.over()) {
      co_await batch();
      note();
      state_.observer.progress(state_.end.stats);
    }
    context_.stop();
  }

  // An earlier campaign's corpus first: what it knew is not new again.
  Batch next_batch(std::uint64_t most) {
    Batch next;
    if (state_.options.layers.scenes && batches_++ == next_scenes_) {
      next_scenes_ += between_;
      between_ = std::min(2 * between_, kMostBetween);
      for (std::uint64_t i = std::min<std::uint64_t>(kScenes, most); i > 0; --i)
        next.stimuli.push_back(mutator_.scene());
      return next;
    }
    const auto n = std::min<std::uint64_t>(size_, most);
    size_ = std::min(2 * size_, kBatch);
    next.resumed = static_cast<std::size_t>(std::min<std::uint64_t>(n, to_resume_));
    to_resume_ -= next.resumed;
    for (std::size_t i = 0; i < n; ++i) {
      next.stimuli.push_back(i < next.resumed ? corpus_[to_resume_ + i] : mutator_.next(corpus_));
    }
    return next;
  }

  // The next batch is made while this one is under way.
  asio::awaitable<void> batch() {
    auto& inputs = state_.end.stats.inputs;
    const std::uint64_t left = state_.options.most_inputs - inputs;
    batch_ = next_.stimuli.empty() ? next_batch(left) : std::exchange(next_, {});
    batch_.before = inputs;
    evaluators_.start(batch_.stimuli);
    next_ = next_batch(left - batch_.stimuli.size());
    co_await triage_batch();
    // Those that found nobody there go again.
    for (int rounds = 0; rounds < kMostRounds && !missed_.empty() && !state_.time_is_up() && !state_.lost(); ++rounds) {
      batch_ = {std::exchange(missed_, {}), 0, inputs};
      evaluators_.start(batch_.stimuli);
      co_await triage_batch();
    }
    inputs += std::exchange(missed_, {}).size();
  }

  asio::awaitable<void> triage_batch() {
    results_ = evaluators_.finish();
    state_.end.stats.connections += results_.size();
    batch_.stimuli.resize(results_.size() / state_.targets.size());  // those that there was time for
    culprits_.clear();
    for (std::size_t i = 0; i < batch_.stimuli.size(); ++i) {
      if (state_.stop || state_.lost() || state_.found >= state_.options.most_findings) break;
      co_await triage(i);
    }
  }

  asio::awaitable<void> triage(std::size_t input) {
    std::string tuple;
    bool reached = true;
    for (std::size_t t = 0; t < state_.targets.size(); ++t) {
      const Evaluation& seen = results_[input * state_.targets.size() + t];
      tuple += seen.outcome + "|";
      reached = reached && seen.connected;
      co_await triage(input, t, seen);
      if (seen.weak()) ++state_.end.stats.weak;
    }
    if (!reached && !culprits_.contains(input)) {
      missed_.push_back(batch_.stimuli[input]);
      co_return;
    }
    ++state_.end.stats.inputs;
    const bool is_new = reached && tuples_.insert(tuple).second;
    mutator_.learn(batch_.stimuli[input], is_new);
    if (!is_new || input < batch_.resumed || is_scene(batch_.stimuli[input])) co_return;
    ++state_.end.stats.kept;
    corpus_.push_back(batch_.stimuli[input]);
    state_.observer.kept(batch_.stimuli[input], tuple);
  }

  asio::awaitable<void> triage(std::size_t input, std::size_t target, const Evaluation& seen) {
    std::optional<std::string> dead;
    if (!seen.connected) {
      dead = seen.why;
    } else if (failures_.wants(batch_.stimuli[input], seen)) {
      dead = co_await state_.why_dead(target);
    } else {
      co_return;
    }
    if (dead) {
      auto culprits = co_await deaths_.look_at(target, *dead, batch_.stimuli, batch_.before);
      culprits_.merge(culprits);
    } else {
      co_await failures_.look_at(batch_.stimuli[input], target, seen, batch_.before + input + 1);
    }
  }

  CampaignState state_;
  std::vector<Case> corpus_;
  std::size_t to_resume_;  // so many of the corpus, its first ones, were not sent yet
  Mutator mutator_;
  asio::io_context context_{1};  // of the stimuli that are looked at again, one by one
  Batch batch_, next_;
  std::size_t size_ = kFirstBatch;  // of the next batch
  std::uint64_t batches_ = 0, next_scenes_ = kBatchesBefore, between_ = kFewestBetween;
  Evaluators evaluators_;  // after what it works on
  Failures failures_{state_};
  Deaths deaths_{state_, evaluators_};
  std::vector<Case> missed_;         // they went to an endpoint that was gone
  std::set<std::size_t> culprits_;   // of the batch: an endpoint died of them
  std::vector<Evaluation> results_;  // of the batch: all targets of the first stimulus, then of the second ...
  std::set<std::string> tuples_;
};

}  // namespace

CampaignEnd run_campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
                         const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop) {
  return Campaign(targets, std::move(seeds), std::move(corpus), options, observer, stop).run();
}

}  // namespace touchstone::fuzz
