// summary.h - what a person reads after a run: the causes, each with the shortest case that shows it, what was
// expected, what was seen, the clause, and the command that runs it again.
#pragma once
#include "reports/report.h"

#include <string>

namespace touchstone::cli {

struct SummaryStyle {
  bool colour = false;
  std::size_t width = 100;
};

// Empty when there is nothing to tell. Ends in a newline otherwise.
[[nodiscard]] std::string summarize(const Report& report, SummaryStyle style);

}  // namespace touchstone::cli
