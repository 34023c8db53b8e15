// pairs.h - the pairs of a connection's state and a kind of frame (runner/catalogue/states.h), visited on purpose: each
// class once, by chance another pair of each, and so on.
#pragma once
#include "runner/campaign/conversation.h"
#include "runner/catalogue/states.h"

#include <vector>

namespace touchstone::fuzz {

class Pairs {
 public:
  // `seed`: of the order.
  Pairs(std::uint64_t seed, bool deflate);

  struct Pair {
    State state;
    Input input;
  };
  // Of a class that was visited as seldom as any.
  [[nodiscard]] Pair next(Dice& dice);

  [[nodiscard]] std::size_t all() const noexcept { return classes_.size(); }
  [[nodiscard]] std::size_t visited() const noexcept { return round_ > 0 ? all() : next_; }

 private:
  std::vector<std::vector<Pair>> classes_;  // of each some pairs
  std::size_t next_ = 0, round_ = 0;
};

// The frames that lead to the state, then the one of the input, and the rest of a message that it leaves unfinished.
void visit(Conversation& talk, Dice& dice, const Pairs::Pair& pair);

}  // namespace touchstone::fuzz
