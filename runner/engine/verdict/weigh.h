// weigh.h - from what a check found to a finding with its weight and its words.
//
// The level of the broken requirement decides: MUST and MUST NOT are FAILED, SHOULD and RECOMMENDED are NON-STRICT. A
// row of cases/choices.json may decide otherwise ("decides"), and then the finding names it.
#pragma once
#include "reports/result/result.h"

#include <ws/rules/finding.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

using ws::rules::Facts;
using ws::rules::FindingKind;

// What the level alone says; nothing for an id that nobody knows.
[[nodiscard]] std::optional<Finding::Weight> weight_of_level(std::string_view requirement);

struct Weighed {
  Finding::Weight weight = Finding::Weight::choice;
  std::string choice;  // the row that decides it, or that leaves it free; else empty
};
[[nodiscard]] Weighed weigh(FindingKind kind, std::string_view requirement);
// The same for a kind that has no row in ws::rules::finding_rows(): a fault of a server's answer.
[[nodiscard]] Weighed weigh(std::string_view kind, std::string_view requirement);

[[nodiscard]] Finding make_finding(FindingKind kind, const Facts& facts, std::string requirement);

// What the finding means for the verdict on the end of the connection.
[[nodiscard]] Closing closing_of(FindingKind kind) noexcept;

[[nodiscard]] bool has(const std::vector<Finding>& findings, FindingKind kind);

}  // namespace touchstone
