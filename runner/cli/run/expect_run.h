// expect_run.h - a run held against an expectation file, for `touchstone test --expect` and `touchstone expect`.
#pragma once
#include "runner/cli/run/expectations.h"

#include <string>
#include <vector>

namespace touchstone::cli {

// Throws UsageError when the file cannot be read or is wrong.
[[nodiscard]] Expectations read_expectations(const std::string& path);

// Prints what the results and the file disagree about. True when they agree.
[[nodiscard]] bool print_surprises(const Expectations& expectations, const std::vector<Result>& results);

}  // namespace touchstone::cli
