// summary.h - what a person reads after a run: the causes, each with the shortest case that shows it, what was
// expected, what was seen, the clause, and the command that runs it again.
#pragma once
#include "reports/report.h"

#include <string>
#include <vector>

namespace touchstone::cli {

struct SummaryStyle {
  bool colour = false;
  std::size_t width = 100;
};

// Empty when there is nothing to tell. Ends in a newline otherwise.
[[nodiscard]] std::string summarize(const Report& report, SummaryStyle style);

// What is said of a failure while the run goes on, line by line: verdict and case, then what should have been and what
// was; the summary where no finding says it. `endpoint` stands before the case when it is not empty.
[[nodiscard]] std::vector<std::string> failure_lines(const Result& result, std::string_view endpoint = {});

}  // namespace touchstone::cli
