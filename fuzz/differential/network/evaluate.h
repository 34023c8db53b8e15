// evaluate.h - one stimulus at one endpoint: what came of it, in words that can be compared.
#pragma once
#include "runner/engine/judge.h"
#include "runner/engine/session.h"

#include <asio/awaitable.hpp>

#include <compare>
#include <string>

namespace touchstone::fuzz {

// Differences of one kind are one cluster: the same rule broken in the same way by the same endpoint.
struct Cluster {
  std::string agent, requirement, expected, seen;  // in words, without numbers and contents
  auto operator<=>(const Cluster&) const = default;
};

struct Evaluation {
  bool connected = false;
  std::string why;  // not connected
  Verdict verdict;
  Observation observation;
  std::string outcome;  // its class: equal words, equal behaviour
  Cluster cluster;      // of the gravest finding, when the verdict is FAILED

  [[nodiscard]] bool failed() const noexcept { return connected && verdict.behavior == Behavior::failed; }
};

// `c` has the oracle's expectation (expected()).
[[nodiscard]] asio::awaitable<Evaluation> evaluate(const Case& c, const Target& target, const SessionOptions& options,
                                                   DeflateCache& cache);

// The stimulus with what the strict stack does with it, and the requirement that it breaks, if it breaks one.
[[nodiscard]] Case expected(Case c, std::uint64_t seed);

}  // namespace touchstone::fuzz
