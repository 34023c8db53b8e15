// result_of.h - one observed and judged case as the result that reports are made of.
#pragma once
#include "runner/engine/judge.h"

namespace touchstone {

// Without agent, replay command, start and duration, which only the caller knows.
[[nodiscard]] Result result_of(const Case& c, Observation observation, const Verdict& verdict);

}  // namespace touchstone
