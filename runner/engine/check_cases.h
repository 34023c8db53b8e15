// check_cases.h - what is wrong with case files: what lint.h knows, and expectations that the strict stack contradicts.
#pragma once
#include "runner/catalogue/catalogue.h"

#include <span>
#include <vector>

namespace touchstone {

// Empty: every case can be run, and a verdict on it can be trusted. Matters of style (CaseFileError::style) keep no
// file from being run.
[[nodiscard]] std::vector<CaseFileError> check_cases(std::span<const SourceFile> files);

}  // namespace touchstone
