// judge.h - the verdict on one observed case.
//
// An expectation says what the strict stack would do. The judge accepts every other behaviour that the RFCs
// allow as well (cases/choices.json names them, C-..):
//   - messages come back in order, with equal type and content, re-fragmented at will       C-20, C-21
//   - Pongs come in order; one may answer all Pings before it                               C-26
//   - Pongs and messages interleave freely; Pings and Pongs of the endpoint's own are fine  C-18, C-25
//   - before a failing end or a Close any tail of the replies may be missing                C-14, C-19
//   - a fault is noticed at its first octet or at the end of its frame or message           C-14, C-31
//   - a Close is answered with any legal code, or none                                      C-22
// A MUST that is broken is a violation (FAILED), a SHOULD is weak (NON-STRICT), a choice is named.
#pragma once
#include "reports/result/result.h"
#include "runner/engine/verdict/observation.h"

namespace touchstone {

struct Verdict {
  Behavior behavior = Behavior::ok;
  Closing closing = Closing::ok;
  std::vector<Finding> findings;
  bool hidden = false;  // NOT-APPLICABLE: the gravest finding, about another matter, kept the case from being judged
  std::string summary;  // one sentence for people
};

// `c.expect` must be there (see strict_expectation.h for cases without one). `seed` is the one that the case ran with.
[[nodiscard]] Verdict judge(const Case& c, const Observation& observation, std::uint64_t seed);

}  // namespace touchstone
