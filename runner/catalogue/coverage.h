// coverage.h - which requirements of the RFCs have a case, for each role that they bind.
//
// In question are the requirements that a peer can see (`visible` is wire or wire-negative). A requirement is covered
// when a case cites it; what no black box can see is told, with the reason, in cases/UNCOVERED.md.
#pragma once
#include "runner/catalogue/catalogue.h"

#include <optional>

namespace touchstone {

// One id of a line of cases/UNCOVERED.md: "- `rfc6455-3-1`, `rfc6455-4.3-4` (client): why".
struct Excuse {
  std::string requirement;
  std::optional<Side> side;  // nothing: for each role that it binds
  std::string reason;
  std::size_t line = 0;  // counts from 1
};
[[nodiscard]] std::vector<Excuse> read_excuses(std::string_view text);

// A requirement in one role.
struct Covered {
  const Requirement* requirement = nullptr;
  Side side = Side::server;
  std::vector<const Case*> cases;
  const Excuse* excuse = nullptr;  // in the `excuses` of the coverage
  [[nodiscard]] bool gap() const noexcept { return cases.empty() && excuse == nullptr; }
};

struct Coverage {
  std::vector<Excuse> excuses;
  std::vector<Covered> all;             // in the order of requirements.json; server, client, intermediary
  std::vector<std::string> faults;      // of the excuses: for what is covered, not in question or unknown
  [[nodiscard]] bool complete() const;  // no gap, no fault
};
[[nodiscard]] Coverage coverage(const Catalogue& catalogue, std::string_view excuses);

// How many requirements are covered in every role that is asked for, of how many.
struct Share {
  std::size_t covered = 0, excused = 0, all = 0;
  std::size_t autobahn = 0, autobahn_in_passing = 0;  // what Autobahn|Testsuite has cases for, in any role
};
// `rfc` 0: all of them. Without `side` those of endpoints, and one that binds both counts once.
[[nodiscard]] Share share(const Coverage& coverage, int rfc, std::optional<Side> side);

}  // namespace touchstone
