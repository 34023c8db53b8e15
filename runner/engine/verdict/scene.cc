#include "runner/engine/verdict/scene.h"

#include "runner/catalogue/catalogue.h"

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

bool Scene::tail_may_be_missing() const {
  if (std::holds_alternative<end::MayFail>(c.expect->end)) return failed_by_choice();
  return !std::holds_alternative<end::Polite>(c.expect->end);
}

bool Scene::was_cut_short() const noexcept {
  using enum ws::Violation;
  return o.violation && *o.violation != close_code_invalid && *o.violation != close_payload_of_one &&
         *o.violation != close_reason_not_utf8 && *o.violation != frame_after_close;
}

std::string Scene::how_it_ended() const {
  if (o.close) return *o.close ? fmt::format("it sent Close {}", (*o.close)->code) : "it sent an empty Close";
  if (o.ended_after_half_close) return "nothing more came until the tester ended TCP";
  if (o.reset) return "it reset TCP";
  if (o.eof) return "it ended TCP without a Close";
  if (o.out_of_time) return "the time of the case was up";
  return "nothing more came";
}

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

Finding Scene::finding(FindingKind kind, const Facts& facts) const {
  std::string requirement = ws::rules::requirement_of(kind, facts, role());
  return make_finding(kind, facts, requirement.empty() ? own_requirement() : std::move(requirement));
}

}  // namespace touchstone
