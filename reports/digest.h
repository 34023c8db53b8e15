// digest.h - what the reports for continuous integration share: counts, failures that are alike, and what a person
// needs to understand one without opening another file.
#pragma once
#include "reports/report.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// The two verdicts that make a run fail, unless an expectation file accepts them.
[[nodiscard]] bool is_bad(const Result& result) noexcept;
// The two that mean that the case could not be judged, by the endpoint's right or nature.
[[nodiscard]] bool is_skipped(const Result& result) noexcept;

using Counts = std::map<Behavior, std::size_t>;
[[nodiscard]] Counts count(const std::vector<const Result*>& results);
// "515 OK, 2 NON-STRICT, 1 FAILED": the worst first, what is zero left out.
[[nodiscard]] std::string counts_text(const Counts& counts);

// The finding that decided the verdict: the heaviest, and of these the first; nothing when there is none.
[[nodiscard]] const Finding* decisive(const Result& result);

// Results with the same verdict that break the same rule.
struct AlikeResults {
  Behavior behavior = Behavior::failed;
  std::string_view requirement;  // empty: no finding names one
  std::vector<const Result*> results;
};
// FAILED, then ERRORED, then NON-STRICT; within these in reading order.
[[nodiscard]] std::vector<AlikeResults> alike(const AgentResults& agent);

// Several lines: summary, expectation, each finding with its clause and rule, the command that runs it again.
[[nodiscard]] std::string details(const Report& report, const Result& result);

}  // namespace touchstone
