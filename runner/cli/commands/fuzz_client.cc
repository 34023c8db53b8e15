#include "runner/cli/commands/fuzz_client.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/minimise.h"
#include "runner/campaign/mutator.h"
#include "runner/campaign/scenes.h"
#include "runner/campaign/signature.h"
#include "runner/cli/process/interrupt.h"
#include "runner/engine/talk/rethrown.h"

#include <ws/rules/finding.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace touchstone::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Stimuli of one run of the client: few at first, so that what every one of them shows is looked at early.
constexpr std::size_t kFirst = 16, kMost = 128;
constexpr int kTimesShown = 3, kMostVain = 3;
// Scenes (runner/campaign/scenes.h) wait, one after the other: few, and seldom.
constexpr std::size_t kScenes = 6;
constexpr std::uint64_t kBatchesBefore = 3, kBatchesBetween = 16;
// Each try starts the client's program.
constexpr int kTries = 60;
constexpr std::chrono::seconds kSmallEnough{20};

class ClientFuzz {
 public:
  ClientFuzz(FuzzReport& report, ClientTrials::Settings client, fuzz::CampaignOptions options, std::vector<Case> seeds,
             std::string replay)
      : report_(report),
        options_(std::move(options)),
        agent_(client.agent),
        trials_(with_an_end(std::move(client))),
        mutator_(options_.seed, options_.layers, std::move(seeds)),
        replay_(std::move(replay)) {}

  Exit run() {
    report_.begin({{agent_, {}, {}}}, options_.seed, 1);
    corpus_ = report_.corpus();
    to_resume_ = corpus_.size();
    while (!over()) {
      batch();
      note();
    }
    return report_.conclude(end_);
  }

 private:
  ClientTrials::Settings with_an_end(ClientTrials::Settings client) {
    client.over = [this] { return time_is_up(); };
    return client;
  }

  [[nodiscard]] std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - options_.started);
  }
  [[nodiscard]] bool time_is_up() const { return interrupted() || since_start() >= options_.time; }
  [[nodiscard]] bool over() const {
    return time_is_up() || !end_.lost.empty() || end_.stats.inputs >= options_.most_inputs ||
           found_ >= options_.most_findings;
  }
  void note() {
    end_.stats.took = since_start();
    end_.stats.pairs = mutator_.pairs();
    report_.progress(end_.stats);
  }

  // An earlier campaign's corpus first: what it knew is not new again.
  std::vector<Case> next_batch(std::size_t& resumed) {
    std::vector<Case> stimuli;
    if (options_.layers.frames && batches_++ % kBatchesBetween == kBatchesBefore) {
      resumed = 0;
      for (auto i = std::min<std::uint64_t>(kScenes, options_.most_inputs - end_.stats.inputs); i > 0; --i)
        stimuli.push_back(fuzz::expected(mutator_.scene(), options_.session.seed));
      return stimuli;
    }
    const auto n = std::min<std::uint64_t>(size_, options_.most_inputs - end_.stats.inputs);
    size_ = std::min(2 * size_, kMost);
    resumed = static_cast<std::size_t>(std::min<std::uint64_t>(n, to_resume_));
    to_resume_ -= resumed;
    for (std::size_t i = 0; i < n; ++i) {
      Case c = i < resumed ? corpus_[to_resume_ + i] : mutator_.next(corpus_);
      if (i < resumed) c.id = fmt::format("resumed/{}", to_resume_ + i);
      c.sides = {Side::client};
      stimuli.push_back(fuzz::expected(std::move(c), options_.session.seed));
    }
    return stimuli;
  }

  void batch() {
    std::size_t resumed = 0;
    const std::vector<Case> stimuli = next_batch(resumed);
    const auto trials = trials_.run(stimuli);
    std::size_t came = 0;
    for (std::size_t i = 0; i < stimuli.size() && !time_is_up() && found_ < options_.most_findings; ++i) {
      if (!trials[i].death.empty()) look_at_death(stimuli[i], trials[i].death);
      if (!trials[i].result) continue;
      ++came;
      ++end_.stats.inputs;
      ++end_.stats.connections;
      take(stimuli[i], fuzz::evaluated(stimuli[i], *trials[i].result), i < resumed);
    }
    in_vain_runs_ = came == 0 ? in_vain_runs_ + 1 : 0;
    if (in_vain_runs_ >= kMostVain && !time_is_up())
      end_.lost = trials_.trouble().empty() ? "the client came to no stimulus" : trials_.trouble();
  }

  void take(const Case& c, const fuzz::Evaluation& seen, bool resumed) {
    if (seen.weak()) ++end_.stats.weak;
    const bool is_new = tuples_.insert(seen.outcome).second;
    mutator_.learn(c, is_new);
    if (is_new && !resumed && !fuzz::is_scene(c)) {
      ++end_.stats.kept;
      corpus_.push_back(c);
      report_.kept(c, seen.outcome + "|");
    }
    if (counts(seen) && is_unknown(seen.cluster) && in_vain_[seen.cluster] < kMostVain) look_at(c, seen.cluster);
  }

  [[nodiscard]] bool counts(const fuzz::Evaluation& seen) const {
    return seen.failed() || (options_.weak && seen.weak());
  }
  [[nodiscard]] bool is_unknown(const fuzz::Cluster& cluster) {
    return !known_.contains(cluster) && report_.wants(cluster);
  }

  // Whether it shows the difference each time, `times` in one run of the client. The last evaluation is kept. No client
  // is started when the time is up.
  bool shows(const Case& candidate, const fuzz::Cluster& cluster, int times) {
    if (time_is_up()) return false;
    const Case c = fuzz::expected(candidate, options_.session.seed);
    std::vector<Case> copies;
    for (int i = 0; i < times; ++i) {
      copies.push_back(c);
      copies.back().id = fmt::format("fuzz/again/{}", i);
    }
    const auto trials = trials_.run(copies);
    end_.stats.connections += trials.size();
    note();
    for (const auto& trial : trials) {
      if (!trial.result) return false;
      shown_ = {fuzz::evaluated(c, *trial.result), *trial.result};
      if (!counts(shown_.first) || shown_.first.cluster != cluster) return false;
    }
    return true;
  }

  template <class Shows>
  Case made_small(const Case& c, int tries, const Shows& still) {
    std::optional<Case> small;
    const auto until = Clock::now() + kSmallEnough;
    const fuzz::StillShows ask = [&](const Case& candidate) -> asio::awaitable<bool> {
      if (time_is_up() || Clock::now() >= until) co_return false;
      co_return still(candidate);
    };
    asio::io_context context{1};
    const auto run = [&]() -> asio::awaitable<void> { small = co_await fuzz::minimise(c, ask, tries); };
    asio::co_spawn(context, run, rethrown);
    context.run();
    return fuzz::expected(std::move(*small), options_.session.seed);
  }

  void look_at(const Case& c, const fuzz::Cluster& cluster) {
    if (!shows(c, cluster, 1)) {
      if (!time_is_up()) ++end_.stats.unstable;
      return;
    }
    fuzz::Difference difference;
    difference.input = end_.stats.inputs;
    difference.after = since_start();
    difference.stimulus = made_small(c, kTries, [&](const Case& each) { return shows(each, cluster, 1); });
    bool confirmed = shows(difference.stimulus, cluster, kTimesShown);
    if (!confirmed) {
      difference.stimulus = c;
      confirmed = shows(c, cluster, kTimesShown);
    }
    if (!confirmed) {
      ++in_vain_[cluster];
      if (!time_is_up()) ++end_.stats.unstable;
      return;
    }
    difference.cluster = cluster;
    difference.shown = shown_.first;
    tell(difference, shown_.second);
  }

  // Its program ended in the stimulus, and did so again with it alone (ClientCommand).
  void look_at_death(const Case& c, const std::string& death) {
    const fuzz::Cluster cluster{agent_,
                                c.requirements.front(),
                                std::string(ws::rules::name(ws::rules::FindingKind::endpoint_died)),
                                {},
                                "alone " + fuzz::signature_of(death)};
    if (!is_unknown(cluster)) return;
    fuzz::Difference difference;
    difference.input = end_.stats.inputs;
    difference.after = since_start();
    difference.cluster = cluster;
    difference.death = death;
    difference.stimulus = made_small(c, kTries / 4, [&](const Case& candidate) {
      const std::vector<Case> alone(1, fuzz::expected(candidate, options_.session.seed));
      return !trials_.run(alone).front().death.empty();
    });
    Result result;
    result.endpoint = agent_;
    result.started = std::chrono::system_clock::now();
    result.requirements = difference.stimulus.requirements;
    tell(difference, result);
  }

  void tell(const fuzz::Difference& difference, const Result& result) {
    known_.insert(difference.cluster);
    ++found_;
    report_.found(difference, result, replay_);
  }

  FuzzReport& report_;
  const fuzz::CampaignOptions options_;
  const std::string agent_;
  ClientTrials trials_;
  fuzz::Mutator mutator_;
  const std::string replay_;
  std::vector<Case> corpus_;
  std::size_t to_resume_ = 0, size_ = kFirst;
  std::uint64_t batches_ = 0;
  int in_vain_runs_ = 0;  // of the client, one after the other: a busy machine starts a browser slowly
  std::set<std::string> tuples_;
  std::set<fuzz::Cluster> known_;
  std::map<fuzz::Cluster, int> in_vain_;
  std::pair<fuzz::Evaluation, Result> shown_;
  std::uint64_t found_ = 0;
  fuzz::CampaignEnd end_;
};

}  // namespace

Exit fuzz_client(FuzzReport& report, ClientTrials::Settings client, fuzz::CampaignOptions options,
                 std::vector<Case> seeds, const std::string& replay) {
  return ClientFuzz(report, std::move(client), std::move(options), std::move(seeds), replay).run();
}

}  // namespace touchstone::cli
