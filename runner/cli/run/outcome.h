// outcome.h - what is printed at the end of a run, and of a report of earlier runs.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/catalogue.h"

#include <filesystem>
#include <string>
#include <vector>

namespace touchstone::cli {

inline constexpr const char* kDefaultFolder = "touchstone-report";

// The summary of the failures, `deaths` of the endpoint, whether the run is partial, how long it took, and where the
// report is (nothing when `page` is empty). The line of totals is not printed here: it must be the last of all.
void print_outcome(const RunInfo& run, const std::vector<Result>& results, const Catalogue& catalogue,
                   const std::vector<std::string>& deaths, const std::filesystem::path& page);

// Whether any result makes the exit code 1: one that failed, or one that a fault hides.
[[nodiscard]] bool any_bad(const std::vector<Result>& results);

}  // namespace touchstone::cli
