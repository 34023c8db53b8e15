#include "fuzz/differential/network/campaign.h"

#include "fuzz/differential/network/minimise.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <set>

namespace touchstone::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;  // stimuli made from the same knowledge
constexpr int kConfirmations = 3;

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
        mutator_(options.seed, options.layers, std::move(seeds)) {}

  CampaignEnd run() {
    asio::co_spawn(context_, all(), asio::detached);
    context_.run();
    end_.stats.took = since_start();
    return std::move(end_);
  }

 private:
  // One stimulus of the batch at one endpoint.
  struct Job {
    std::size_t input, target;
  };

  [[nodiscard]] std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  }
  [[nodiscard]] bool over() const {
    return stop_ || !end_.lost.empty() || end_.stats.inputs >= options_.most_inputs || since_start() >= options_.time ||
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

  asio::awaitable<void> batch() {
    batch_.clear();
    const auto n = std::min<std::uint64_t>(kBatch, options_.most_inputs - end_.stats.inputs);
    // An earlier campaign's corpus first: what it knew is not new again.
    resumed_ = static_cast<std::size_t>(std::min<std::uint64_t>(n, to_resume_));
    to_resume_ -= resumed_;
    for (std::uint64_t i = 0; i < n; ++i) {
      const Case c = i < resumed_ ? corpus_[to_resume_ + static_cast<std::size_t>(i)] : mutator_.next(corpus_);
      batch_.push_back(expected(c, options_.session.seed));
    }
    results_.assign(batch_.size() * targets_.size(), {});
    next_ = 0;
    const auto workers = std::min<std::size_t>(options_.jobs, results_.size());
    for (std::size_t i = 0; i < workers; ++i) {
      ++running_;
      asio::co_spawn(context_, work(), asio::detached);
    }
    while (running_ > 0) co_await changed();
    for (std::size_t i = 0; i < batch_.size() && end_.lost.empty() && found_ < options_.most_findings; ++i)
      co_await look_at(i);
  }

  asio::awaitable<void> work() {
    while (next_ < results_.size()) {
      const std::size_t job = next_++;
      results_[job] = co_await try_out(batch_[job / targets_.size()], job % targets_.size());
    }
    --running_;
    changed_.cancel();
  }

  asio::awaitable<Evaluation> try_out(const Case& c, std::size_t target) {
    ++end_.stats.connections;
    co_return co_await evaluate(c, targets_[target], options_.session, cache_);
  }

  asio::awaitable<void> changed() {
    changed_.expires_at(Clock::time_point::max());
    std::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> look_at(std::size_t input) {
    ++end_.stats.inputs;
    std::string tuple;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      const Evaluation& seen = results_[input * targets_.size() + t];
      tuple += seen.outcome + "|";
      if (!seen.connected) {
        co_await look_at_death(t, seen.why);
      } else if (counts(seen)) {
        co_await look_at_failure(batch_[input], t, seen);
      }
      if (seen.weak()) ++end_.stats.weak;
    }
    if (!tuples_.insert(std::move(tuple)).second || input < resumed_) co_return;
    ++end_.stats.kept;
    corpus_.push_back(batch_[input]);
    observer_.kept(batch_[input]);
  }

  [[nodiscard]] bool counts(const Evaluation& seen) const noexcept {
    return seen.failed() || (options_.weak && seen.weak());
  }

  asio::awaitable<void> look_at_failure(const Case& c, std::size_t target, const Evaluation& seen) {
    const Cluster cluster = seen.cluster;
    if (known_.contains(cluster) || !observer_.wants(cluster)) co_return;
    const StillShows shows = [this, target, cluster](const Case& candidate) -> asio::awaitable<bool> {
      const Case c_now = expected(candidate, options_.session.seed);
      const Evaluation now = co_await try_out(c_now, target);
      co_return counts(now) && now.cluster == cluster;
    };
    // Alone first: beside other connections an endpoint may only have been slow.
    if (!co_await shows(c)) {
      ++end_.stats.unstable;
      co_return;
    }
    known_.insert(cluster);
    Difference difference;
    difference.cluster = cluster;
    difference.input = end_.stats.inputs;
    difference.after = since_start();
    difference.stimulus = expected(co_await minimise(c, shows), options_.session.seed);
    SessionOptions whole = options_.session;
    whole.keep_whole = true;
    for (int i = 0; i < kConfirmations; ++i) {
      difference.shown = co_await evaluate(difference.stimulus, targets_[target], whole, cache_);
      if (counts(difference.shown) && difference.shown.cluster == cluster) continue;
      ++end_.stats.unstable;
      co_return;
    }
    ++found_;
    observer_.found(difference);
  }

  // Connections were refused: a busy endpoint takes the next one; a dead one is started again, and the stimuli of this
  // batch go to it one by one until it dies again.
  asio::awaitable<void> look_at_death(std::size_t target, std::string why) {
    const Case knock = expected(Case{}, options_.session.seed);
    if ((co_await try_out(knock, target)).connected) co_return;
    if (!observer_.endpoint_died(targets_[target], why)) {
      end_.lost = why;
      co_return;
    }
    for (const Case& suspect : batch_) {
      const Evaluation shown = co_await try_out(suspect, target);
      if ((co_await try_out(knock, target)).connected) continue;
      if (!observer_.endpoint_died(targets_[target], why)) {
        end_.lost = why;
        co_return;
      }
      // Once more, alone: a machine that is busy elsewhere may have kept it from answering.
      (void)co_await try_out(suspect, target);
      if ((co_await try_out(knock, target)).connected) {
        ++end_.stats.unstable;
        co_return;
      }
      Difference difference;
      difference.death = true;
      difference.cluster = {targets_[target].agent, suspect.requirements.front(), "an endpoint that lives on",
                            "it no longer accepts connections"};
      difference.stimulus = suspect;
      difference.shown = shown;
      difference.input = end_.stats.inputs;
      difference.after = since_start();
      if (known_.insert(difference.cluster).second) ++found_, observer_.found(difference);
      if (!observer_.endpoint_died(targets_[target], why)) end_.lost = why;
      co_return;
    }
  }

  const std::vector<Target>& targets_;
  std::vector<Case> corpus_;
  std::size_t to_resume_;    // so many of the corpus, its first ones, were not sent yet
  std::size_t resumed_ = 0;  // and so many of the batch come from there
  const CampaignOptions& options_;
  CampaignObserver& observer_;
  const std::atomic<bool>& stop_;
  Mutator mutator_;
  asio::io_context context_{1};
  asio::steady_timer changed_{context_};
  DeflateCache cache_;
  Clock::time_point start_ = Clock::now();
  std::vector<Case> batch_;
  std::vector<Evaluation> results_;  // of the batch: all targets of the first stimulus, then of the second ...
  std::size_t next_ = 0, running_ = 0;
  std::set<std::string> tuples_;
  std::set<Cluster> known_;
  std::uint64_t found_ = 0;
  CampaignEnd end_;
};

}  // namespace

CampaignEnd run_campaign(const std::vector<Target>& targets, std::vector<Case> seeds, std::vector<Case> corpus,
                         const CampaignOptions& options, CampaignObserver& observer, const std::atomic<bool>& stop) {
  return Campaign(targets, std::move(seeds), std::move(corpus), options, observer, stop).run();
}

}  // namespace touchstone::fuzz
