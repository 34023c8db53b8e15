// failures.h - from an evaluation that breaks a rule to a difference that is worth reporting: shown by one connection
// alone, made small, and shown several times more.
#pragma once
#include "runner/campaign/campaign_state.h"
#include "runner/engine/kept_talk.h"

#include <map>

namespace touchstone::fuzz {

class Failures {
 public:
  explicit Failures(CampaignState& state) : state_(state) {}

  // Is this evaluation of `c` one to be looked at?
  [[nodiscard]] bool wants(const Case& c, const Evaluation& seen);
  // `c` gave `seen` beside others, and the endpoint lives. `input`: the number of the stimulus.
  asio::awaitable<void> look_at(const Case& c, std::size_t target, const Evaluation& seen, std::uint64_t input);

 private:
  asio::awaitable<bool> shows(const Case& candidate, std::size_t target, const Cluster& first, bool any_rule,
                              const SessionOptions& session);
  asio::awaitable<Case> made_small(const Case& c, std::size_t target, const Cluster& first, bool any_rule);
  asio::awaitable<bool> confirm(Difference& difference, std::size_t target);

  CampaignState& state_;
  KeptTalk kept_;
  std::map<Cluster, int> not_alone_;  // how often a stimulus of a cluster did not show it again alone
};

}  // namespace touchstone::fuzz
