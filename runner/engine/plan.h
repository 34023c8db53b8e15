// plan.h - which cases of a run are asked of an endpoint, in which passes, and which cannot be.
#pragma once
#include "runner/engine/run.h"

#include <deque>
#include <string>
#include <vector>

namespace touchstone {

struct Plan {
  struct Skipped {
    Case c;
    std::string why;
    bool without_close = false;  // beyond a limit at which the endpoint ends TCP without a Close
  };
  struct Pass {
    std::deque<const Case*> cases;  // of `cases` below
    unsigned jobs = 1;              // at a time
  };

  std::deque<Case> cases;  // as they are played: scaled, adapted to the endpoint, with their expectation
  std::vector<Skipped> skipped;
  // One after the other; in each of them different kinds come first. The last one measures the endpoint's processes,
  // where they are known.
  std::vector<Pass> passes;
};

// Whether it measures what connections that have ended leave behind in the endpoint's processes.
[[nodiscard]] bool asks_what_is_left_behind(const Case& c);

// Whether it is about memory (tag "memory"): that is measured also where --command starts the endpoint.
[[nodiscard]] bool asks_for_memory(const Case& c);

[[nodiscard]] Plan plan_of(const std::vector<const Case*>& cases, const RunOptions& options, bool over_http2 = false);

}  // namespace touchstone
