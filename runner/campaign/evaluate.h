// evaluate.h - one stimulus at one endpoint: what came of it, in a form that can be compared.
#pragma once
#include "runner/campaign/expectation.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/judge.h"

#include <asio/awaitable.hpp>

#include <compare>
#include <string>

namespace touchstone::fuzz {

// Differences of one kind are one cluster: the same rule broken in the same way by the same endpoint.
struct Cluster {
  std::string endpoint;
  std::string requirement;  // that is broken
  std::string kind;         // of ws::rules::FindingKind: "message-missing"
  std::string evidence;     // of the finding: "1011"; may be empty
  std::string outcome;      // how the connection ended, where that tells causes apart and there is no evidence: "reset"
  auto operator<=>(const Cluster&) const = default;
};

struct Evaluation {
  bool connected = false;
  std::string why;  // not connected
  Verdict verdict;
  Observation observation;
  std::string outcome;  // its class: equal words, equal behaviour
  Cluster cluster;      // of the gravest finding, when it broke a MUST or a SHOULD

  [[nodiscard]] bool failed() const noexcept {
    return connected && (verdict.behavior == Behavior::failed || verdict.hidden);
  }
  [[nodiscard]] bool weak() const noexcept { return connected && verdict.behavior == Behavior::non_strict; }
};

// `c` has the oracle's expectation (expected()).
[[nodiscard]] Evaluation evaluated(const Case& c, Observation observed, const std::string& endpoint,
                                   std::uint64_t seed);

// The same, of a result that was judged elsewhere: a client's (runner/serve).
[[nodiscard]] Evaluation evaluated(const Case& c, const Result& result);

// The same, of what `target` does.
[[nodiscard]] asio::awaitable<Evaluation> evaluate(const Case& c, const Target& target, const SessionOptions& options,
                                                   DeflateCache& cache);

}  // namespace touchstone::fuzz
