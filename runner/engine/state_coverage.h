// state_coverage.h - which pairs of a connection's state and a kind of frame cases have, computed from what they send.
//
// Every case is played into the strict stack, once for each side; before each frame stands a State
// (runner/catalogue/states.h), and what the frame itself and its payload make of that is the next one. No name of a
// case is looked at.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/catalogue/states.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace touchstone {

// A class of pairs, for one side.
struct StatePair {
  Merge merge = Merge::alone;
  const State* state = nullptr;  // of its first pair
  const Input* input = nullptr;
  std::uint64_t pairs = 0;         // that it stands for
  std::vector<const Case*> cases;  // at most kCasesNamed, of all that have a pair of it
  std::size_t count = 0;
};

struct StateCoverage {
  static constexpr std::size_t kCasesNamed = 3;
  struct OfSide {
    Side side = Side::server;
    std::vector<StatePair> classes;  // in the order of states and inputs; without those that are left out
  };
  std::array<OfSide, 2> sides;
  std::map<Merge, std::uint64_t> pairs;  // of one side: how many pairs each rule takes together or leaves out
  [[nodiscard]] std::size_t all() const;
  [[nodiscard]] std::size_t covered() const;
};

[[nodiscard]] StateCoverage state_coverage(std::span<const Case> cases);

}  // namespace touchstone
