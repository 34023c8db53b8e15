#include "runner/engine/verdict/weigh.h"

#include "runner/catalogue/catalogue.h"

#include <algorithm>

namespace touchstone {
namespace {

using Weight = Finding::Weight;

Weight weight_named(std::string_view name) {
  if (name == "choice") return Weight::choice;
  return name == "weak" ? Weight::weak : Weight::violation;
}

}  // namespace

std::optional<Weight> weight_of_level(std::string_view requirement) {
  const Requirement* rule = Catalogue::built_in().requirement(requirement);
  if (rule == nullptr) return std::nullopt;
  if (rule->level.starts_with("MUST")) return Weight::violation;
  return rule->level == "MAY" ? Weight::choice : Weight::weak;
}

Weighed weigh(FindingKind kind, std::string_view requirement) {
  const ws::rules::FindingRow& row = ws::rules::row(kind);
  if (row.weight == ws::rules::Weight::free) return {Weight::choice, std::string(row.choice)};
  return weigh(row.name, requirement);
}

Weighed weigh(std::string_view kind, std::string_view requirement) {
  const Catalogue& catalogue = Catalogue::built_in();
  if (const auto ruling = catalogue.ruling(kind, requirement))
    return {weight_named(ruling->decision->weight), ruling->choice->id};
  // Nobody breaks a MAY: what is found all the same is weak.
  const Weight by_level = weight_of_level(requirement).value_or(Weight::violation);
  return {std::max(by_level, Weight::weak), {}};
}

Finding make_finding(FindingKind kind, const Facts& facts, std::string requirement) {
  Weighed weighed = weigh(kind, requirement);
  Finding finding;
  finding.weight = weighed.weight;
  finding.requirement = std::move(requirement);
  finding.expected = ws::rules::expected_text(kind, facts);
  finding.seen = ws::rules::seen_text(kind, facts);
  finding.kind = ws::rules::name(kind);
  finding.evidence = ws::rules::evidence_of(kind, facts);
  finding.choice = std::move(weighed.choice);
  return finding;
}

Closing closing_of(FindingKind kind) noexcept {
  switch (kind) {
    using enum FindingKind;
    case octets_illegal:
    case second_close:
    case data_after_close:
    case answered_after_failing:
    case code_1010_from_server:
    case legal_octets_refused:
    case tcp_ended_unasked:
    case close_unanswered:
    case close_answered_by_end_of_tcp:
    case fault_ignored:
    case tcp_left_open:
    case tcp_kept_open:
    case answer_illegal:
    case request_illegal:
      return Closing::failed;
    case close_answer_says_error:
    case failed_by_choice_code:
    case failing_code_wrong:
      return Closing::wrong_code;
    case close_answer_lost:
    case failed_without_close:
    case tcp_left_open_after_close:
    case tcp_left_open_after_fin:
    case tcp_ended_second:
    case tcp_ended_first:
      return Closing::unclean;
    default:
      return Closing::ok;
  }
}

bool has(const std::vector<Finding>& findings, FindingKind kind) {
  return std::ranges::find(findings, ws::rules::name(kind), &Finding::kind) != findings.end();
}

}  // namespace touchstone
