// relay_judge.h - holds what arrived at both ends against the sentences of a case for an intermediary.
//
// A sentence about a head that did not arrive says nothing: who refuses has passed nothing on that could be wrong. A
// "must" that does not hold is a violation, a "should" is weak, a "may" names what the intermediary chose.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"
#include "runner/proxy/relayed.h"

#include <string>

namespace touchstone::proxy {

// An intermediary that masks a client's frames anew: it is an endpoint of a WebSocket connection on each side, and no
// tunnel.
[[nodiscard]] bool takes_part(const Relayed& seen);

// NOT-APPLICABLE, for this reason.
[[nodiscard]] Result not_asked(const Case& c, const std::string& endpoint, const std::string& why);

// Verdict, findings, words and transcript; when it began, how long it took and how to replay it are the caller's.
[[nodiscard]] Result judge_relayed(const Case& c, const std::string& endpoint, Relayed seen);

}  // namespace touchstone::proxy
