#include "runner/cli/options/spec_choice.h"

#include "runner/cli/cli.h"
#include "runner/cli/print.h"

#include <algorithm>

namespace touchstone::cli {

std::vector<const Case*> choose_by_spec(const Catalogue& catalogue, SelectionOptions selection, const SpecFile& spec,
                                        const std::string& file, Side side) {
  const auto take = [&](const std::vector<std::string>& from, std::vector<std::string>& to) {
    for (const std::string& pattern : from) {
      const bool hit = std::any_of(catalogue.cases().begin(), catalogue.cases().end(),
                                   [&](const Case& c) { return matches(c, pattern); });
      if (hit) to.push_back(pattern);
      if (!hit) err("warning: {}: {}\n", file, no_match_text(catalogue, pattern));
    }
  };
  const bool told = !selection.include.empty();
  if (!told) take(spec.cases, selection.include);
  if (!told && !spec.cases.empty() && selection.include.empty()) {
    throw UsageError(file + ": /cases: no pattern matches a case");
  }
  take(spec.exclude_cases, selection.exclude);
  return choose_cases(catalogue, selection, side);
}

}  // namespace touchstone::cli
