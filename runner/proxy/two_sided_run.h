// two_sided_run.h - many cases for an intermediary, several at a time; what fails is played again alone.
#pragma once
#include "runner/proxy/nature.h"

namespace touchstone::proxy {

[[nodiscard]] RunOutcome run_two_sided(const std::vector<const Case*>& cases, const UnderTest& test,
                                       RunObserver& observer, const std::atomic<bool>& stop);

}  // namespace touchstone::proxy
