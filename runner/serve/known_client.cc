#include "runner/serve/known_client.h"

#include "runner/engine/doubts.h"

#include <utility>

namespace touchstone::serve {
namespace {

constexpr std::size_t kMostEarly = 20;  // connections; who has not shown its ways by then has none

}  // namespace

void KnownClient::add_to(SessionOptions& options) const {
  options.nonces = nonces_;
  options.mask_keys = mask_keys_;
  options.silences = silences_;
  options.own_words = own_words_.known();
}

void KnownClient::hear(const Case& c, Observation& observation, const SessionOptions& options) {
  if (options.own_words > 0) return;
  own_words_.see(c, observation);
  if (const std::size_t own = own_words_.known(); own > 0) {
    OwnWords::leave_out(observation, own);
    return;
  }
  unclear_.push_back(c.id);
  if (!observation.messages.empty() && early_.size() < kMostEarly) {
    const bool has_some = observation.sent_messages.empty() || OwnWords::in(observation) > 0;
    if (has_some) early_.push_back({&c, observation, std::chrono::system_clock::now()});
  }
}

std::vector<std::string> KnownClient::take_unclear() {
  const bool known = own_words_.known() > 0 || own_words_.come_now_and_then();
  return known ? std::exchange(unclear_, {}) : std::vector<std::string>();
}

std::vector<KnownClient::Early> KnownClient::take_early() {
  const std::size_t own = own_words_.known();
  if (own == 0) return {};
  for (Early& early : early_) OwnWords::leave_out(early.observation, own);
  return std::exchange(early_, {});
}

Result KnownClient::weighed(Attempt attempt) {
  attempt.hopeless = !attempt.lacks.empty() && silences_->is_hopeless(attempt.lacks);
  const bool in_doubt = attempt.brief && Doubts::about(attempt) && !Doubts::rests_on_octets(attempt.result);
  if (attempt.waited && !attempt.brief) models_.add(attempt);
  if (in_doubt && models_.has_for(attempt)) return models_.not_judged(std::move(attempt));
  return std::move(attempt.result);
}

}  // namespace touchstone::serve
