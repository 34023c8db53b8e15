#include "runner/campaign/campaign.h"

#include "runner/campaign/evaluators.h"
#include "runner/campaign/minimise.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/campaign/signature.h"
#include "runner/engine/kept_talk.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <ws/rules/finding.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace touchstone::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 256;  // stimuli made from the same knowledge
constexpr int kConfirmations = 3;
constexpr std::chrono::milliseconds kGrace{1000};  // for what is under way when the time is up
constexpr std::string_view kDead = "it no longer accepts connections";
constexpr std::string_view kDeadTogether = "it no longer accepts connections, which no stimulus brings about alone";
constexpr int kMostVain = 3;     // a cluster that is looked at so often and gives nothing is left alone
constexpr int kMostRounds = 8;   // of a batch in which stimuli found the endpoint dead
constexpr int kChances = 5;      // of stimuli that end the endpoint together
constexpr int kDeathTries = 60;  // of making a stimulus small that ends the endpoint: each may cost a start

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
        evaluators_(
            targets, options.session, options.jobs, [this] { return time_is_up(); }, [this] { return too_late(); }) {}

  CampaignEnd run() {
    asio::co_spawn(context_, all(), rethrown);
    asio::co_spawn(context_, watch(), rethrown);
    context_.run();
    end_.stats.took = since_start();
    return std::move(end_);
  }

 private:
  struct Batch {
    std::vector<Case> stimuli;
    std::size_t resumed = 0;   // the first ones, from an earlier campaign
    std::uint64_t before = 0;  // the number of stimuli that went before it
  };

  [[nodiscard]] std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - options_.started);
  }
  [[nodiscard]] bool time_is_up() const { return stop_ || since_start() >= options_.time; }
  [[nodiscard]] bool too_late() const { return stop_ || since_start() >= options_.time + kGrace; }
  [[nodiscard]] bool over() const {
    return time_is_up() || !end_.lost.empty() || end_.stats.inputs >= options_.most_inputs ||
           found_ >= options_.most_findings;
  }

  asio::awaitable<void> watch() {
    co_await until([this] { return too_late(); });
    context_.stop();
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
    batch_.before = end_.stats.inputs;
    evaluators_.start(batch_.stimuli);
    next_ = next_batch(left - batch_.stimuli.size());
    co_await triage_batch();
    // Those that found nobody there go again.
    for (int rounds = 0; rounds < kMostRounds && !missed_.empty() && !time_is_up() && end_.lost.empty(); ++rounds) {
      batch_ = {std::exchange(missed_, {}), 0, end_.stats.inputs};
      evaluators_.start(batch_.stimuli);
      co_await triage_batch();
    }
    end_.stats.inputs += std::exchange(missed_, {}).size();
  }

  asio::awaitable<void> triage_batch() {
    results_ = evaluators_.finish();
    end_.stats.connections += results_.size();
    batch_.stimuli.resize(results_.size() / targets_.size());  // those that there was time for
    culprits_.clear();
    for (std::size_t i = 0; i < batch_.stimuli.size(); ++i) {
      if (stop_ || !end_.lost.empty() || found_ >= options_.most_findings) break;
      co_await triage(i);
    }
  }

  asio::awaitable<Evaluation> try_out(const Case& c, std::size_t target) {
    ++end_.stats.connections;
    co_return co_await evaluate(c, targets_[target], options_.session, cache_);
  }

  asio::awaitable<void> triage(std::size_t input) {
    std::string tuple;
    bool reached = true;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      const Evaluation& seen = results_[input * targets_.size() + t];
      tuple += seen.outcome + "|";
      reached = reached && seen.connected;
      if (!seen.connected) {
        co_await triage_death(t, seen.why);
      } else if (counts(seen)) {
        co_await triage_failure(input, t, seen);
      }
      if (seen.weak()) ++end_.stats.weak;
    }
    if (!reached && !culprits_.contains(input)) {
      missed_.push_back(batch_.stimuli[input]);
      co_return;
    }
    ++end_.stats.inputs;
    if (!reached || !tuples_.insert(tuple).second || input < batch_.resumed) co_return;
    ++end_.stats.kept;
    corpus_.push_back(batch_.stimuli[input]);
    observer_.kept(batch_.stimuli[input], tuple);
  }

  [[nodiscard]] bool counts(const Evaluation& seen) const noexcept {
    return seen.failed() || (options_.weak && seen.weak());
  }

  asio::awaitable<void> triage_failure(std::size_t input, std::size_t target, const Evaluation& seen) {
    const Case& c = batch_.stimuli[input];
    const Cluster first = seen.cluster;
    if (known_.contains(first) || !observer_.wants(first) || in_vain_[first] >= kMostVain) co_return;
    if (const auto dead = co_await why_dead(target)) {
      co_await triage_death(target, *dead);
      co_return;
    }
    // Of an opening handshake that is unusual in several ways one may be at fault, and not that which names the
    // cluster.
    const bool any_rule = has_opening(c) || has_raw_request(c);
    const StillShows shows = [this, target, first, any_rule](const Case& candidate) -> asio::awaitable<bool> {
      if (stop_) co_return false;
      const Case c_now = expected(candidate, options_.session.seed);
      const Evaluation now = co_await try_out(c_now, target);
      const auto way = [](const Cluster& cluster) { return std::tie(cluster.kind, cluster.evidence, cluster.outcome); };
      const bool alike = way(now.cluster) == way(first);
      co_return counts(now) && (now.cluster == first || (any_rule && alike));
    };
    // Alone first: beside other connections an endpoint may only have been slow.
    if (!co_await shows(c)) {
      ++end_.stats.unstable;
      co_return;
    }
    Difference difference;
    difference.input = batch_.before + input + 1;
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
      ++in_vain_[first];
      ++end_.stats.unstable;
      co_return;
    }
    if (!observer_.wants(difference.cluster) || !known_.insert(difference.cluster).second) {
      ++in_vain_[first];
      co_return;
    }
    ++found_;
    kept_.keep(difference.shown.observation.transcript, difference.shown.observation.flooded);
    observer_.found(difference);
  }

  // Nothing when it opens for an ordinary client.
  asio::awaitable<std::optional<std::string>> why_dead(std::size_t target) {
    const Case knock = expected(Case{}, options_.session.seed);
    Evaluation seen = co_await try_out(knock, target);
    if (seen.connected) co_return std::nullopt;
    co_return std::move(seen.why);
  }

  // Whether the endpoint dies of it. Then it is up again, unless end_.lost says that it is not.
  asio::awaitable<bool> dies_of(const Case& c, std::size_t target) {
    (void)co_await try_out(c, target);
    const auto dead = co_await why_dead(target);
    if (dead) start_again(target, *dead);
    co_return dead.has_value();
  }

  // Connections were refused: a busy endpoint takes the next one; a dead one is started again, and the stimuli of this
  // batch go to it one by one until it dies again.
  asio::awaitable<void> triage_death(std::size_t target, std::string why) {
    if (!co_await why_dead(target)) co_return;
    if (!start_again(target, why)) co_return report_death(target, 0, kDeadTogether, batch_.stimuli);
    for (std::size_t i = 0; i < batch_.stimuli.size(); ++i) {
      const Case& suspect = batch_.stimuli[i];
      if (stop_) co_return;
      if (!co_await dies_of(suspect, target)) continue;
      culprits_.insert(i);
      const std::vector<Case> alone(1, suspect);
      if (!end_.lost.empty()) co_return report_death(target, i, kDead, alone);
      // Once more, alone: a machine that is busy elsewhere may have kept it from answering.
      if (co_await dies_of(suspect, target)) {
        co_await triage_killer(target, i);
      } else {
        ++end_.stats.unstable;
      }
      co_return;
    }
    // Nobody knows which of them it needs, so none goes again.
    for (std::size_t i = 0; i < batch_.stimuli.size(); ++i) culprits_.insert(i);
    if (!is_new(cluster_of_death(target, batch_.stimuli.front(), kDeadTogether))) co_return;
    std::vector<Case> fewest = co_await fewest_together(target);
    report_death(target, 0, kDeadTogether, std::move(fewest));
  }

  asio::awaitable<std::vector<Case>> fewest_together(std::size_t target) {
    int tries = kDeathTries;
    const auto still_die = [&](const std::vector<Case>& fewer) -> asio::awaitable<bool> {
      --tries;
      co_return !fewer.empty() && co_await dies_of_all(fewer, target);
    };
    const auto enough = [&] { return tries <= 0 || time_is_up() || !end_.lost.empty(); };
    co_return co_await fewest(batch_.stimuli, still_die, enough);
  }

  // As dies_of(), of many at a time. Chance has a hand in it, so they go several times, a whole batch each time.
  asio::awaitable<bool> dies_of_all(std::vector<Case> stimuli, std::size_t target) {
    stimuli.reserve(kBatch);
    for (std::size_t i = 0; stimuli.size() < kBatch; ++i) stimuli.push_back(stimuli[i]);
    for (int i = 0; i < kChances && end_.lost.empty() && !time_is_up(); ++i) {
      evaluators_.start(stimuli);
      end_.stats.connections += evaluators_.finish().size();
      const auto dead = co_await why_dead(target);
      if (!dead) continue;
      start_again(target, *dead);
      co_return true;
    }
    co_return false;
  }

  // It ends the endpoint by itself, each time.
  asio::awaitable<void> triage_killer(std::size_t target, std::size_t input) {
    const Case& c = batch_.stimuli[input];
    if (!is_new(cluster_of_death(target, c, kDead))) co_return;
    const StillShows kills = [this, target](const Case& candidate) -> asio::awaitable<bool> {
      if (time_is_up() || !end_.lost.empty()) co_return false;
      const Case c_now = expected(candidate, options_.session.seed);
      co_return co_await dies_of(c_now, target);
    };
    const Case smallest = expected(co_await minimise(c, kills, kDeathTries), options_.session.seed);
    if (!end_.lost.empty()) co_return report_death(target, input, kDead, std::vector<Case>(1, smallest));
    SessionOptions whole = options_.session;
    whole.keep_whole = true;
    Evaluation shown = co_await evaluate(smallest, targets_[target], whole, cache_);
    if (const auto dead = co_await why_dead(target)) start_again(target, *dead);
    report_death(target, input, kDead, std::vector<Case>(1, smallest), std::move(shown));
  }

  bool start_again(std::size_t target, const std::string& why) {
    auto ended = observer_.endpoint_died(targets_[target], why);
    if (ended) {
      how_it_ended_ = std::move(*ended);
    } else {
      how_it_ended_ = end_.lost = ended.error();
    }
    return end_.lost.empty();
  }

  [[nodiscard]] bool is_new(const Cluster& cluster) { return !known_.contains(cluster) && observer_.wants(cluster); }

  [[nodiscard]] Cluster cluster_of_death(std::size_t target, const Case& c, std::string_view seen) const {
    const bool alone = seen == kDead;
    return {targets_[target].name,
            alone ? c.requirements.front() : std::string(kProcessing),
            std::string(ws::rules::name(ws::rules::FindingKind::endpoint_died)),
            {},
            (alone ? "alone " : "together ") + signature_of(how_it_ended_)};
  }

  // `stimuli`: one, or all that were under way.
  void report_death(std::size_t target, std::size_t input, std::string_view seen, std::vector<Case> stimuli,
                    Evaluation shown = {}) {
    Difference difference;
    difference.cluster = cluster_of_death(target, stimuli.front(), seen);
    if (!is_new(difference.cluster)) return;
    difference.death = how_it_ended_;
    difference.stimulus = stimuli.front();
    if (seen == kDeadTogether) difference.together = std::move(stimuli);
    difference.shown = std::move(shown);
    difference.input = batch_.before + input + 1;
    difference.after = since_start();
    known_.insert(difference.cluster);
    ++found_;
    observer_.found(difference);
  }

  const std::vector<Target>& targets_;
  std::vector<Case> corpus_;
  std::size_t to_resume_;  // so many of the corpus, its first ones, were not sent yet
  const CampaignOptions& options_;
  CampaignObserver& observer_;
  const std::atomic<bool>& stop_;
  Mutator mutator_;
  DeflateCache cache_;
  KeptTalk kept_;
  asio::io_context context_{1};  // of the stimuli that are looked at again, one by one
  Batch batch_, next_;
  Evaluators evaluators_;            // behind what it works on
  std::vector<Case> missed_;         // they went to an endpoint that was gone
  std::set<std::size_t> culprits_;   // of the batch: an endpoint died of them
  std::string how_it_ended_;         // the endpoint that died last
  std::vector<Evaluation> results_;  // of the batch: all targets of the first stimulus, then of the second ...
  std::set<std::string> tuples_;
  std::set<Cluster> known_;
  std::map<Cluster, int> in_vain_;  // how often the smallest stimulus of a cluster showed a known one, or none
  std::uint64_t found_ = 0;
  CampaignEnd end_;
};

}  // namespace

CampaignEnd run_campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
                         const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop) {
  return Campaign(targets, std::move(seeds), std::move(corpus), options, observer, stop).run();
}

}  // namespace touchstone::fuzz
