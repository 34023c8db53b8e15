#include "runner/campaign/minimise.h"

#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"

#include <algorithm>
#include <vector>

namespace touchstone::fuzz {
namespace {

class Minimiser {
 public:
  Minimiser(Case c, StillShows still_shows, int tries)
      : best_(std::move(c)), still_shows_(std::move(still_shows)), tries_(tries) {}

  asio::awaitable<Case> run() {
    co_await fewer_openings();
    co_await fewer_octets([](Case& c) { return has_raw_request(c) ? &*c.request->raw : nullptr; });
    co_await fewer_steps();
    co_await plainer();
    for (std::size_t i = 0; i < best_.steps.size(); ++i) co_await plainer_step(i);
    co_await fewer_steps();
    co_return best_;
  }

 private:
  // Keeps `candidate` when it still shows the difference.
  asio::awaitable<bool> keep(Case candidate) {
    if (tries_-- <= 0) co_return false;
    const bool shows = co_await still_shows_(candidate);
    if (shows) best_ = std::move(candidate);
    co_return shows;
  }

  // What the opening handshake has to do with it.
  asio::awaitable<void> fewer_openings() {
    for (std::size_t i = best_.tags.size(); i-- > 0;) {
      Case candidate = best_;
      candidate.tags.erase(candidate.tags.begin() + static_cast<std::ptrdiff_t>(i));
      if (candidate.tags.empty()) drop_openings(candidate);
      co_await keep(std::move(candidate));
    }
  }

  // ddmin over the steps: halves, quarters, ... single steps.
  asio::awaitable<void> fewer_steps() {
    for (std::size_t chunk = std::max<std::size_t>(best_.steps.size() / 2, 1); tries_ > 0;) {
      bool shrunk = false;
      for (std::size_t at = 0; at < best_.steps.size() && best_.steps.size() > 1;) {
        Case candidate = best_;
        const auto from = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
        const auto n = std::min(chunk, candidate.steps.size() - at);
        candidate.steps.erase(from, from + static_cast<std::ptrdiff_t>(n));
        if (!candidate.steps.empty() && co_await keep(std::move(candidate))) {
          shrunk = true;
        } else {
          at += chunk;
        }
      }
      if (chunk == 1 && !shrunk) break;
      chunk = std::max<std::size_t>(chunk / 2, 1);
    }
  }

  asio::awaitable<void> plainer() {
    Case candidate = best_;
    candidate.wire = {};
    if (best_.wire.cut != Wire::Cut::whole) co_await keep(std::move(candidate));
    candidate = best_;
    candidate.needs_deflate = false;
    candidate.offer.clear();
    if (best_.needs_deflate) co_await keep(std::move(candidate));
  }

  asio::awaitable<void> plainer_step(std::size_t i) {
    if (auto* frame = std::get_if<step::Frame>(&best_.steps[i].action)) {
      Case candidate = best_;
      std::get<step::Frame>(candidate.steps[i].action).form = {};
      if (!frame->form.ordinary()) co_await keep(std::move(candidate));
      candidate = best_;
      std::get<step::Frame>(candidate.steps[i].action).rsv = 0;
      if (frame->rsv != 0) co_await keep(std::move(candidate));
    }
    if (std::holds_alternative<step::Message>(best_.steps[i].action)) {
      Case candidate = best_;
      auto& message = std::get<step::Message>(candidate.steps[i].action);
      message.fragment = 0;
      message.deflate = false;
      co_await keep(std::move(candidate));
    }
    co_await fewer_octets([i](Case& c) { return payload_of(c.steps[i]); });
  }

  static Payload* payload_of(Step& step) {
    if (auto* frame = std::get_if<step::Frame>(&step.action)) return &frame->payload;
    if (auto* message = std::get_if<step::Message>(&step.action))
      return message->parts.empty() ? &message->payload : nullptr;
    if (auto* close = std::get_if<step::Close>(&step.action)) return &close->reason;
    return nullptr;
  }

  // `payload_in`: where the octets are in a case, if it has such.
  template <class PayloadIn>
  asio::awaitable<void> fewer_octets(PayloadIn payload_in) {
    Payload* const payload = payload_in(best_);
    if (payload == nullptr) co_return;
    const auto still_shows = [&](const ws::Bytes& fewer) -> asio::awaitable<bool> {
      Case candidate = best_;
      *payload_in(candidate) = {recipe::Literal{fewer}};
      co_return co_await keep(std::move(candidate));
    };
    const auto enough = [this] { return tries_ <= 0; };
    ws::Bytes octets = PayloadGenerator(1).make(*payload);
    co_await fewest(std::move(octets), still_shows, enough);
  }

  Case best_;
  StillShows still_shows_;
  int tries_;
};

}  // namespace

asio::awaitable<Case> minimise(Case c, StillShows still_shows, int tries) {
  Minimiser minimiser(std::move(c), std::move(still_shows), tries);
  co_return co_await minimiser.run();
}

}  // namespace touchstone::fuzz
