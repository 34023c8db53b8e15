// judge_connections.h - the verdict on a case with several connections, each of which was judged by itself.
#pragma once
#include "runner/engine/verdict/judge.h"

#include <string>
#include <vector>

namespace touchstone {

struct JudgedConnection {
  const Observation* o = nullptr;
  std::string name;
  Verdict verdict;
  bool sent_fragments = false;
  std::string said{};  // the beginning of what the case has the tester send on it, frames that end no message included
};

// All that was found, each with the name of its connection; the gravest of the verdicts. A message in which octets of
// another connection came is called that (RFC 6455 5.4: the frames of a connection are its own).
[[nodiscard]] Verdict joined(std::vector<JudgedConnection> all);

}  // namespace touchstone
