#include "runner/engine/check_cases.h"

#include "runner/catalogue/lint.h"
#include "runner/engine/verdict/contradictions.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {

std::vector<CaseFileError> check_cases(std::span<const SourceFile> files) {
  std::vector<CaseFileError> faults = lint_together(files);
  for (const SourceFile& file : files) {
    const auto cases = is_suite(file.name) ? load_cases(file.name, file.text) : std::vector<Case>{};
    if (!cases) continue;  // told already
    for (const Case& c : *cases) {
      for (const std::string& text : contradictions(scaled(c, Profile::standard))) {
        faults.push_back(fault_in(c, "/expect",
                                  fmt::format("an expectation of '{}' that does not hold: {}", c.id, text),
                                  "what the strict stack does (cases/LANGUAGE.md)"));
      }
    }
  }
  return faults;
}

}  // namespace touchstone
