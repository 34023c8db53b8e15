// summary.h - what a person reads after a run: failures grouped by the rule they break, with the clause, what was
// expected, what was seen, and the command that runs it again.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/catalogue.h"

#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

// Results that break the same rule in the same way.
struct FailureGroup {
  Behavior behavior = Behavior::failed;  // failed, errored or non_strict
  std::string agent;
  std::string requirement;  // may be empty
  struct Shape {            // equal expectation, equal sight
    std::string expected, seen;
    std::vector<const Result*> results;
  };
  std::vector<Shape> shapes;
};

// FAILED, then ERRORED, then NON-STRICT; within these by agent and requirement in order of appearance.
[[nodiscard]] std::vector<FailureGroup> group_failures(const std::vector<Result>& results);

struct SummaryStyle {
  bool colour = false;
  std::size_t width = 100;
};

// Empty when there is nothing to tell. Ends in a newline otherwise.
[[nodiscard]] std::string summarize(const std::vector<Result>& results, const Catalogue& catalogue, SummaryStyle style);

}  // namespace touchstone::cli
