#include "runner/campaign/campaign_state.h"

#include "runner/campaign/expectation.h"

#include <utility>

namespace touchstone::fuzz {

asio::awaitable<std::optional<std::string>> CampaignState::why_dead(std::size_t target) {
  const Case knock = expected(Case{}, options.session.seed);
  Evaluation seen = co_await try_out(knock, target, options.session);
  if (seen.connected) co_return std::nullopt;
  co_return std::move(seen.why);
}

}  // namespace touchstone::fuzz
