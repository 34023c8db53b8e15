// sample.h - a made-up run with every kind of result, for the tests of the reports and of the page.
#pragma once
#include <string>
#include <vector>

#include "reports/report.h"

namespace touchstone {

struct Sample {
  RunInfo run;
  std::vector<Result> results;
  Texts texts;
};

// About 500 cases for each of `endpoints` (1 to 10) made-up endpoints. The first has a few of everything: failures,
// weak spots, choices, flaky results with both transcripts, long transcripts, and texts by a hostile endpoint.
[[nodiscard]] Sample sample_run(std::size_t endpoints, bool complete = true);

// Text that breaks out of whatever is not escaped: markup, scripts, quotes, control and override characters.
[[nodiscard]] std::string hostile_text();

}  // namespace touchstone
