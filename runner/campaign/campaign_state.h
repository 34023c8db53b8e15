// campaign_state.h - what the parts of a campaign share: the endpoints, the time, the numbers, what is known.
#pragma once
#include "runner/campaign/campaign.h"

#include <asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace touchstone::fuzz {

struct CampaignState {
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kGrace{1000};  // for what is under way when the time is up
  static constexpr int kMostVain = 3;  // a cluster that is looked at so often and gives nothing is left alone

  const std::vector<Target>& targets;
  const CampaignOptions& options;
  CampaignObserver& observer;
  const std::atomic<bool>& stop;
  DeflateCache cache{};  // of the stimuli that are looked at again, one by one
  CampaignEnd end{};
  std::set<Cluster> known{};
  std::map<Cluster, int> in_vain{};  // how often the smallest stimulus of a cluster showed a known one, or none
  std::uint64_t found = 0;

  [[nodiscard]] std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - options.started);
  }
  [[nodiscard]] bool time_is_up() const { return stop || since_start() >= options.time; }
  [[nodiscard]] bool too_late() const { return stop || since_start() >= options.time + kGrace; }
  [[nodiscard]] bool lost() const { return !end.lost.empty(); }
  [[nodiscard]] bool over() const {
    return time_is_up() || lost() || end.stats.inputs >= options.most_inputs || found >= options.most_findings;
  }

  // Is it a finding at all? Is it one that nobody has?
  [[nodiscard]] bool counts(const Evaluation& seen) const noexcept {
    return seen.failed() || (options.weak && seen.weak());
  }
  [[nodiscard]] bool is_new(const Cluster& cluster) { return !known.contains(cluster) && observer.wants(cluster); }
  void report(const Difference& difference) {
    known.insert(difference.cluster);
    ++found;
    observer.found(difference);
  }

  // By one connection alone.
  [[nodiscard]] asio::awaitable<Evaluation> try_out(const Case& c, std::size_t target, const SessionOptions& session) {
    ++end.stats.connections;
    return evaluate(c, targets[target], session, cache);
  }
  // Why a connection of an ordinary client does not open; nothing when it does.
  [[nodiscard]] asio::awaitable<std::optional<std::string>> why_dead(std::size_t target);
};

}  // namespace touchstone::fuzz
