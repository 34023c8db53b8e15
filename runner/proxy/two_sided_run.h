// two_sided_run.h - many cases for an intermediary, several at a time; what fails is played again alone.
#pragma once
#include "runner/proxy/nature.h"

#include <functional>

namespace touchstone::proxy {

// How much care a case gets. What is missing is as the catalogue's cases have it.
struct TwoSidedPace {
  TwoSidedPace() = default;
  std::function<bool(const Result&)> is_settled{};   // such a verdict stands without another try
  std::function<bool(const Case&)> may_go_beside{};  // leaves no connection behind that another case could meet
  bool is_quick = false;                             // a quarter of the patience in the first try, all of it later
};

[[nodiscard]] RunOutcome run_two_sided(const std::vector<const Case*>& cases, const UnderTest& test,
                                       RunObserver& observer, const std::atomic<bool>& stop, TwoSidedPace pace = {});

}  // namespace touchstone::proxy
