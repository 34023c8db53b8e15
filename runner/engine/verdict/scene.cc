#include "runner/engine/verdict/scene.h"

#include "runner/catalogue/catalogue.h"

#include <ws/rules/codes.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {

bool Scene::came(Seen::Kind kind) const { return position(kind) < o.seen.size(); }

std::size_t Scene::position(Seen::Kind kind) const {
  return static_cast<std::size_t>(std::ranges::find(o.seen, kind, &Seen::kind) - o.seen.begin());
}

bool Scene::ended_without_close() const noexcept { return !o.close && (o.eof || o.reset) && !o.ended_after_half_close; }

bool Scene::failed_by_choice() const {
  const auto& codes = std::get<end::MayFail>(c.expect->end).codes;
  const std::size_t asked = position(Seen::Kind::tester_close);
  const bool of_the_fault = o.close && *o.close && std::ranges::find(codes, (*o.close)->code) != codes.end();
  return of_the_fault || position(Seen::Kind::close) < asked ||
         (ended_without_close() && std::min(position(Seen::Kind::eof), position(Seen::Kind::reset)) < asked);
}

bool Scene::was_left_idle() const { return position(Seen::Kind::idle) < position(Seen::Kind::close); }

bool Scene::was_not_read() const {
  bool held = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* hold = std::get_if<step::Hold>(&step.action);
    const auto* reading = std::get_if<step::Reading>(&step.action);
    held = held || (hold != nullptr && hold->on) || (reading != nullptr && !reading->on);
  });
  return held;
}

bool Scene::gave_up_on_who_does_not_read() const {
  if (!was_not_read() || !std::holds_alternative<end::Polite>(c.expect->end)) return false;
  if (!o.close) return ended_without_close() && !came(Seen::Kind::tester_close);
  const bool accuses = *o.close && ws::rules::accuses((*o.close)->code);
  return !accuses && position(Seen::Kind::close) < position(Seen::Kind::tester_close);
}

bool Scene::closed_by_its_application() const {
  if (gave_up_on_who_does_not_read()) return true;
  if ((c.expect->compares_messages && !was_left_idle()) || !std::holds_alternative<end::Polite>(c.expect->end) ||
      !o.close)
    return false;
  const bool unasked = position(Seen::Kind::close) < position(Seen::Kind::tester_close);
  return unasked && !(*o.close && ws::rules::refuses_legal_octets((*o.close)->code, /*takes_such=*/false));
}

bool Scene::tail_may_be_missing() const {
  if (closed_by_its_application()) return true;
  if (std::holds_alternative<end::MayFail>(c.expect->end)) return failed_by_choice();
  return !std::holds_alternative<end::Polite>(c.expect->end);
}

bool Scene::went_on_for_too_long() const {
  const auto is_silent = [](const Seen& seen) { return seen.kind == Seen::Kind::silent; };
  const bool answered = !o.messages.empty() || (o.sent_messages.empty() && came(Seen::Kind::pong));
  return o.out_of_time && !o.close && answered && std::ranges::none_of(o.seen, is_silent);
}

bool Scene::was_cut_short() const {
  using enum ws::Violation;
  if (o.flooded || went_on_for_too_long()) return true;
  return o.violation && *o.violation != close_code_invalid && *o.violation != close_payload_of_one &&
         *o.violation != close_reason_not_utf8 && *o.violation != frame_after_close;
}

std::string Scene::how_it_ended() const {
  if (o.close) return *o.close ? fmt::format("it sent Close {}", (*o.close)->code) : "it sent an empty Close";
  if (o.ended_after_half_close) return "nothing more came until the tester ended TCP";
  if (o.reset) return "it reset TCP";
  if (o.eof) return "it ended TCP without a Close";
  if (o.flooded) return "it sent more than the tester keeps";
  if (o.out_of_time) return "the time of the case was up";
  return "nothing more came";
}

bool Scene::sent_a_bad_code() const {
  return o.sent_close_in_steps && o.local_close_code && !ws::close_code_on_wire(*o.local_close_code);
}

bool Scene::closed_for_an_error() const { return o.close && *o.close && ws::rules::says_error((*o.close)->code); }

std::string Scene::own_requirement() const {
  const auto binds_it = [&](const std::string& id, bool may) {
    const Requirement* rule = Catalogue::built_in().requirement(id);
    return rule == nullptr || (rule->binds != (is_client() ? "server" : "client") && (may || rule->level != "MAY"));
  };
  for (const bool may : {false, true}) {  // nobody breaks a MAY
    const auto own = std::ranges::find_if(c.requirements, [&](const std::string& id) { return binds_it(id, may); });
    if (own != c.requirements.end()) return *own;
  }
  return c.requirements.empty() ? std::string() : c.requirements.front();
}

std::string Scene::misread(std::size_t i) const {
  // A body that was taken for frames breaks the rule of where it ends (RFC 9112 6.3).
  if (c.request && length(c.request->behind) > 0) return own_requirement();
  // Where the connection has to fail, the case is about that.
  if (std::holds_alternative<end::Fails>(c.expect->end)) return {};
  if (i >= o.sent_messages.size() || !o.sent_messages[i].as_data) return {};
  std::string own = own_requirement();
  // These ask for a refusal, and not for a reading.
  const bool reads = own.starts_with("rfc7692-") && own != "rfc7692-7.2.2-10" && own != "rfc7692-7.2.2-11";
  const Requirement* rule = reads ? Catalogue::built_in().requirement(own) : nullptr;
  return rule != nullptr && rule->level.starts_with("MUST") ? own : std::string();
}

Finding Scene::finding_of_message(FindingKind kind, std::size_t i, const Facts& facts) const {
  std::string rule = misread(i);
  return rule.empty() ? finding(kind, facts) : make_finding(kind, facts, std::move(rule));
}

Finding Scene::finding(FindingKind kind, const Facts& facts) const {
  std::string requirement = ws::rules::requirement_of(kind, facts, role());
  return make_finding(kind, facts, requirement.empty() ? own_requirement() : std::move(requirement));
}

}  // namespace touchstone
