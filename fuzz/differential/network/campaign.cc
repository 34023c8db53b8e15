#include "fuzz/differential/network/campaign.h"

#include "fuzz/differential/network/evaluators.h"
#include "fuzz/differential/network/minimise.h"
#include "fuzz/differential/network/openings.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace touchstone::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 256;  // stimuli made from the same knowledge
constexpr int kConfirmations = 3;
constexpr std::string_view kDead = "it no longer accepts connections";
constexpr std::string_view kDeadTogether = "it no longer accepts connections, which no stimulus brings about alone";
constexpr int kMostReduced = 3;  // a cluster that always comes down to a known one is left alone then

class Campaign {
 public:
  Campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
           const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop)
      : targets_(targets),
        corpus_(std::move(corpus)),
        to_resume_(corpus_.size()),
        options_(options),
        observer_(observer),
        stop_(stop),
        mutator_(options.seed, options.layers, std::move(seeds)),
        evaluators_(targets, options.session, options.jobs, [this] { return time_is_up(); }) {}

  CampaignEnd run() {
    asio::co_spawn(context_, all(), asio::detached);
    context_.run();
    end_.stats.took = since_start();
    return std::move(end_);
  }

 private:
  struct Batch {
    std::vector<Case> stimuli;
    std::size_t resumed = 0;  // the first ones, from an earlier campaign
  };

  [[nodiscard]] std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  }
  [[nodiscard]] bool time_is_up() const { return stop_ || since_start() >= options_.time; }
  [[nodiscard]] bool over() const {
    return time_is_up() || !end_.lost.empty() || end_.stats.inputs >= options_.most_inputs ||
           found_ >= options_.most_findings;
  }

  asio::awaitable<void> all() {
    while (!over()) {
      co_await batch();
      observer_.progress(stats_now());
    }
    context_.stop();
  }

  CampaignStats stats_now() {
    end_.stats.took = since_start();
    return end_.stats;
  }

  // An earlier campaign's corpus first: what it knew is not new again.
  Batch next_batch(std::uint64_t most) {
    Batch next;
    const auto n = std::min<std::uint64_t>(kBatch, most);
    next.resumed = static_cast<std::size_t>(std::min<std::uint64_t>(n, to_resume_));
    to_resume_ -= next.resumed;
    for (std::size_t i = 0; i < n; ++i) {
      next.stimuli.push_back(i < next.resumed ? corpus_[to_resume_ + i] : mutator_.next(corpus_));
    }
    return next;
  }

  // The next batch is made while this one is under way.
  asio::awaitable<void> batch() {
    const std::uint64_t left = options_.most_inputs - end_.stats.inputs;
    batch_ = next_.stimuli.empty() ? next_batch(left) : std::exchange(next_, {});
    evaluators_.start(batch_.stimuli);
    next_ = next_batch(left - batch_.stimuli.size());
    results_ = evaluators_.finish();
    end_.stats.connections += results_.size();
    batch_.stimuli.resize(results_.size() / targets_.size());  // those that there was time for
    for (std::size_t i = 0; i < batch_.stimuli.size() && !stop_ && end_.lost.empty() && found_ < options_.most_findings;
         ++i)
      co_await look_at(i);
  }

  asio::awaitable<Evaluation> try_out(const Case& c, std::size_t target) {
    ++end_.stats.connections;
    co_return co_await evaluate(c, targets_[target], options_.session, cache_);
  }

  asio::awaitable<void> look_at(std::size_t input) {
    ++end_.stats.inputs;
    std::string tuple;
    bool reached = true;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      const Evaluation& seen = results_[input * targets_.size() + t];
      tuple += seen.outcome + "|";
      reached = reached && seen.connected;
      if (!seen.connected) {
        co_await look_at_death(t, seen.why);
      } else if (counts(seen)) {
        co_await look_at_failure(batch_.stimuli[input], t, seen);
      }
      if (seen.weak()) ++end_.stats.weak;
    }
    if (!reached || !tuples_.insert(std::move(tuple)).second || input < batch_.resumed) co_return;
    ++end_.stats.kept;
    corpus_.push_back(batch_.stimuli[input]);
    observer_.kept(batch_.stimuli[input]);
  }

  [[nodiscard]] bool counts(const Evaluation& seen) const noexcept {
    return seen.failed() || (options_.weak && seen.weak());
  }

  asio::awaitable<void> look_at_failure(const Case& c, std::size_t target, const Evaluation& seen) {
    const Cluster first = seen.cluster;
    if (known_.contains(first) || !observer_.wants(first) || reduced_to_known_[first] >= kMostReduced) co_return;
    const bool alive = co_await lives(target);
    if (!alive) {
      co_await look_at_death(target, std::string(kDead));
      co_return;
    }
    // Of an opening handshake that is unusual in several ways one may be at fault, and not that which names the
    // cluster.
    const bool any_rule = has_opening(c);
    const StillShows shows = [this, target, first, any_rule](const Case& candidate) -> asio::awaitable<bool> {
      if (stop_) co_return false;
      const Case c_now = expected(candidate, options_.session.seed);
      const Evaluation now = co_await try_out(c_now, target);
      const bool alike = now.cluster.expected == first.expected && now.cluster.seen == first.seen;
      co_return counts(now) && (now.cluster == first || (any_rule && alike));
    };
    // Alone first: beside other connections an endpoint may only have been slow.
    if (!co_await shows(c)) {
      ++end_.stats.unstable;
      co_return;
    }
    Difference difference;
    difference.input = end_.stats.inputs;
    difference.after = since_start();
    // What is found when the time is up stays larger than it need be.
    const StillShows in_time = [this, &shows](const Case& candidate) -> asio::awaitable<bool> {
      if (time_is_up()) co_return false;
      co_return co_await shows(candidate);
    };
    difference.stimulus = expected(co_await minimise(c, in_time), options_.session.seed);
    SessionOptions whole = options_.session;
    whole.keep_whole = true;
    for (int i = 0; i < kConfirmations; ++i) {
      difference.shown = co_await evaluate(difference.stimulus, targets_[target], whole, cache_);
      if (i == 0) difference.cluster = difference.shown.cluster;
      if (counts(difference.shown) && difference.shown.cluster == difference.cluster) continue;
      known_.insert(first);
      ++end_.stats.unstable;
      co_return;
    }
    if (!observer_.wants(difference.cluster) || !known_.insert(difference.cluster).second) {
      ++reduced_to_known_[first];
      co_return;
    }
    ++found_;
    observer_.found(difference);
  }

  // It opens for an ordinary client.
  asio::awaitable<bool> lives(std::size_t target) {
    const Case knock = expected(Case{}, options_.session.seed);
    const Evaluation seen = co_await try_out(knock, target);
    co_return seen.connected;
  }

  // Connections were refused: a busy endpoint takes the next one; a dead one is started again, and the stimuli of this
  // batch go to it one by one until it dies again.
  asio::awaitable<void> look_at_death(std::size_t target, std::string why) {
    if (co_await lives(target)) co_return;
    if (!start_again(target, why)) {
      report_death(target, kProcessing, kDeadTogether, batch_.stimuli);
      co_return;
    }
    for (const Case& suspect : batch_.stimuli) {
      if (stop_) co_return;
      Evaluation shown = co_await try_out(suspect, target);
      if (co_await lives(target)) continue;
      const std::vector<Case> alone(1, suspect);
      if (!start_again(target, why)) {
        report_death(target, suspect.requirements.front(), kDead, alone);
        co_return;
      }
      // Once more, alone: a machine that is busy elsewhere may have kept it from answering.
      (void)co_await try_out(suspect, target);
      if (co_await lives(target)) {
        ++end_.stats.unstable;
        co_return;
      }
      report_death(target, suspect.requirements.front(), kDead, alone, std::move(shown));
      start_again(target, why);
      co_return;
    }
    report_death(target, kProcessing, kDeadTogether, batch_.stimuli);
  }

  bool start_again(std::size_t target, const std::string& why) {
    const bool up = observer_.endpoint_died(targets_[target], why);
    if (!up) end_.lost = why;
    return up;
  }

  void report_death(std::size_t target, std::string_view requirement, std::string_view seen, std::vector<Case> stimuli,
                    Evaluation shown = {}) {
    Difference difference;
    difference.death = true;
    difference.cluster = {targets_[target].agent, std::string(requirement), "an endpoint that lives on",
                          std::string(seen)};
    difference.stimulus = stimuli.front();
    if (stimuli.size() > 1) difference.together = std::move(stimuli);
    difference.shown = std::move(shown);
    difference.input = end_.stats.inputs;
    difference.after = since_start();
    if (observer_.wants(difference.cluster) && known_.insert(difference.cluster).second)
      ++found_, observer_.found(difference);
  }

  const std::vector<Target>& targets_;
  std::vector<Case> corpus_;
  std::size_t to_resume_;  // so many of the corpus, its first ones, were not sent yet
  const CampaignOptions& options_;
  CampaignObserver& observer_;
  const std::atomic<bool>& stop_;
  Mutator mutator_;
  asio::io_context context_{1};  // of the stimuli that are looked at again, one by one
  DeflateCache cache_;
  Clock::time_point start_ = Clock::now();
  Batch batch_, next_;
  Evaluators evaluators_;            // behind what it works on
  std::vector<Evaluation> results_;  // of the batch: all targets of the first stimulus, then of the second ...
  std::set<std::string> tuples_;
  std::set<Cluster> known_;
  std::map<Cluster, int> reduced_to_known_;  // how often the smallest stimulus of a cluster showed another one
  std::uint64_t found_ = 0;
  CampaignEnd end_;
};

}  // namespace

CampaignEnd run_campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
                         const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop) {
  return Campaign(targets, std::move(seeds), std::move(corpus), options, observer, stop).run();
}

}  // namespace touchstone::fuzz
