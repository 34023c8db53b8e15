// deaths.h - an endpoint that no longer accepts connections: it is started again, and of the stimuli that were under
// way the one is found that ends it, or the few that do so together.
#pragma once
#include "runner/campaign/campaign_state.h"
#include "runner/campaign/evaluators.h"

#include <set>
#include <string_view>

namespace touchstone::fuzz {

class Deaths {
 public:
  Deaths(CampaignState& state, Evaluators& evaluators) : state_(state), evaluators_(evaluators) {}

  // Connections were refused, as `why` says, while `stimuli` were under way; `before`: how many went before them. A
  // busy endpoint takes the next connection. Of a dead one, the places of those it died of are returned: all of them
  // where nobody knows which it needs.
  asio::awaitable<std::set<std::size_t>> look_at(std::size_t target, std::string why, const std::vector<Case>& stimuli,
                                                 std::uint64_t before);

  static constexpr std::size_t kTogether = 256;  // so many go many at a time

 private:
  bool start_again(std::size_t target, const std::string& why);
  asio::awaitable<bool> dies_of(const Case& c, std::size_t target);
  asio::awaitable<bool> dies_of_all(std::vector<Case> stimuli, std::size_t target);
  asio::awaitable<std::vector<Case>> fewest_together(const std::vector<Case>& stimuli, std::size_t target);
  asio::awaitable<void> look_at_killer(std::size_t target, const Case& c, std::uint64_t input);
  [[nodiscard]] Cluster cluster_of(std::size_t target, const Case& c, bool alone) const;
  void report(std::size_t target, std::uint64_t input, bool alone, std::vector<Case> stimuli, Evaluation shown = {});

  CampaignState& state_;
  Evaluators& evaluators_;
  std::string how_it_ended_;  // the endpoint that died last
};

}  // namespace touchstone::fuzz
