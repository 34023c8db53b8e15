// make_result.h - what a report says of one judged observation.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"
#include "runner/engine/verdict/judge.h"

#include <string>

namespace touchstone {

// `endpoint`: its name in reports. When the case began, how long it took and how to replay it are the caller's.
[[nodiscard]] Result make_result(const Case& c, const std::string& endpoint, Observation observation,
                                 const Verdict& verdict);

}  // namespace touchstone
