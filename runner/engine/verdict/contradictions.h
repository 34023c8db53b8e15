// contradictions.h - where a case's own expectation and the strict stack do not agree.
#pragma once
#include "runner/catalogue/case.h"

#include <string>
#include <vector>

namespace touchstone {

// On each of the case's sides: where an explicit expectation and the oracle's contradict each other: what the strict
// stack does must be accepted, and nothing may be accepted that the oracle forbids. Empty when they agree.
[[nodiscard]] std::vector<std::string> contradictions(const Case& c);

}  // namespace touchstone
