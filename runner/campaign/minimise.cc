#include "runner/campaign/minimise.h"

#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/campaign/scenes.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace touchstone::fuzz {
namespace {

class Minimiser {
 public:
  Minimiser(Case c, StillShows still_shows, int tries)
      : best_(std::move(c)), still_shows_(std::move(still_shows)), tries_(tries) {}

  asio::awaitable<Case> run() {
    co_await fewer_openings();
    co_await plainer_http2();
    co_await fewer_octets([](Case& c) { return has_raw_request(c) ? &*c.request->raw : nullptr; });
    co_await fewer_connections();
    co_await fewer_steps();
    if (best_.connections.empty()) co_await whole_messages();
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
    for (std::size_t i = best_.made_of.size(); i-- > 0;) {
      Case candidate = best_;
      candidate.made_of.erase(candidate.made_of.begin() + static_cast<std::ptrdiff_t>(i));
      if (candidate.made_of.empty()) drop_openings(candidate);
      co_await keep(std::move(candidate));
    }
  }

  // The tunnel as it is ordinarily, or as much of it as can be.
  asio::awaitable<void> plainer_http2() {
    if (!best_.http2) co_return;
    Case candidate = best_;
    candidate.http2.emplace();
    if (co_await keep(std::move(candidate))) co_return;
    co_await fewer_of(&Http2Script::frames);
    co_await fewer_of(&Http2Script::beside);
    co_await fewer_of(&Http2Script::fields);
    co_await fewer_of(&Http2Script::settings);
    for (const auto& simplify : plainer_forms()) {
      candidate = best_;
      simplify(*candidate.http2);
      co_await keep(std::move(candidate));
    }
  }

  template <class List>
  asio::awaitable<void> fewer_of(List Http2Script::* list) {
    for (std::size_t i = (*best_.http2.*list).size(); i-- > 0;) {
      if (i >= (*best_.http2.*list).size()) continue;  // the expectation had left it out
      Case candidate = best_;
      auto& fewer = *candidate.http2.*list;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      co_await keep(std::move(candidate));
    }
  }

  static std::vector<std::function<void(Http2Script&)>> plainer_forms() {
    return {[](Http2Script& s) { s.head_padding.reset(); },  [](Http2Script& s) { s.head_pieces = 1; },
            [](Http2Script& s) { s.head_priority = false; }, [](Http2Script& s) { s.data_padding.reset(); },
            [](Http2Script& s) { s.data_size = 0; },         [](Http2Script& s) { s.data_empty = false; },
            [](Http2Script& s) { s.held = false; },          [](Http2Script& s) { s.end_stream = false; }};
  }

  asio::awaitable<void> fewer_connections() {
    for (std::size_t i = best_.connections.size(); i-- > 0;)
      co_await keep(without_connection(best_, best_.connections[i].name));
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
        bool kept = false;
        if (!candidate.steps.empty() && keeps_the_stage(candidate, best_)) kept = co_await keep(std::move(candidate));
        if (kept) {
          shrunk = true;
        } else {
          at += chunk;
        }
      }
      if (chunk == 1 && !shrunk) break;
      chunk = std::max<std::size_t>(chunk / 2, 1);
    }
  }

  // One frame in place of a message's fragments.
  asio::awaitable<void> whole_messages() {
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      const auto fragments = fragments_from(i);
      if (fragments.size() < 2) continue;
      Case candidate = best_;
      ws::Bytes octets;
      for (const std::size_t each : fragments)
        ws::append(octets, PayloadGenerator(1).make(std::get<step::Frame>(best_.steps[each].action).payload));
      for (std::size_t n = fragments.size(); n-- > 1;)
        candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(fragments[n]));
      auto& whole = std::get<step::Frame>(candidate.steps[i].action);
      whole.fin = true;
      whole.payload = {recipe::Literal{std::move(octets)}};
      co_await keep(std::move(candidate));
    }
  }

  // The frames of the message that begins with this step, when all are there in turn.
  [[nodiscard]] std::vector<std::size_t> fragments_from(std::size_t first) const {
    std::vector<std::size_t> out;
    for (std::size_t i = first; i < best_.steps.size(); ++i) {
      const auto* frame = std::get_if<step::Frame>(&best_.steps[i].action);
      if (frame == nullptr || ws::is_control(frame->opcode)) continue;
      if (!frame->form.whole() || (i > first) != (frame->opcode == ws::Opcode::cont)) break;
      out.push_back(i);
      if (frame->fin) return out;
    }
    return {};
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
    for (const auto& simplify : ways_to_simplify(best_.steps[i])) {
      Case candidate = best_;
      simplify(candidate.steps[i]);
      co_await keep(std::move(candidate));
    }
    co_await fewer_octets([i](Case& c) { return payload_of(c.steps[i]); });
  }

  // One after another; each leaves the kind of the step as it is.
  static std::vector<std::function<void(Step&)>> ways_to_simplify(const Step& step) {
    using Ways = std::vector<std::function<void(Step&)>>;
    const Overloaded ways{
        [](const step::Frame& frame) {
          Ways all;
          if (!frame.form.ordinary()) all.emplace_back([](Step& s) { std::get<step::Frame>(s.action).form = {}; });
          if (frame.rsv != 0) all.emplace_back([](Step& s) { std::get<step::Frame>(s.action).rsv = 0; });
          return all;
        },
        [](const step::Message&) {
          return Ways{[](Step& s) {
            auto& message = std::get<step::Message>(s.action);
            message.fragment = 0;
            message.deflate = false;
          }};
        },
        [](const step::OneOf<step::Close, step::Octets, step::Repeat> auto&) { return Ways{}; },
        [](const step::WithoutPayload auto&) { return Ways{}; },
    };
    return std::visit(ways, step.action);
  }

  static Payload* payload_of(Step& step) {
    const Overloaded payload{
        [](step::Frame& frame) { return &frame.payload; },
        [](step::Message& message) { return message.parts.empty() ? &message.payload : nullptr; },
        [](step::Close& close) { return &close.reason; },
        [](step::OneOf<step::Octets, step::Repeat> auto&) -> Payload* { return nullptr; },
        [](step::WithoutPayload auto&) -> Payload* { return nullptr; },
    };
    return std::visit(payload, step.action);
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
