// doubts.h - failures that are run again alone before anyone is accused.
//
// Octets that came under load stand for other octets. A silence does not: there a busy machine, or an endpoint that
// another case kept busy, may have had its part.
#pragma once
#include "runner/engine/attempt.h"

#include <cstddef>
#include <deque>
#include <map>
#include <utility>

namespace touchstone {

class Doubts {
 public:
  // Whether the endpoint may be accused of `attempt` only when a second run shows it again.
  [[nodiscard]] static bool about(const Attempt& attempt);

  void add(Attempt attempt) { attempts_.push_back(std::move(attempt)); }
  [[nodiscard]] bool empty() const noexcept { return attempts_.empty(); }
  [[nodiscard]] const std::deque<Attempt>& all() const noexcept { return attempts_; }

  // What an endpoint does to many cases it does by itself; what befell a few may have been an accident.
  void rare_ones_first();
  // The first in the queue.
  [[nodiscard]] const Attempt& next() const { return attempts_.front(); }
  // So many of its sort were confirmed without an exception that they stand for the next one too.
  [[nodiscard]] bool next_is_beyond_doubt() const;
  [[nodiscard]] Attempt take_next();
  // What is reported of a case that ran twice: the second run, with the first one beside it when the two differ.
  [[nodiscard]] Result settled(Attempt first, Attempt second);

 private:
  using Sort = std::pair<Behavior, bool>;  // and whether it waited
  [[nodiscard]] static Sort sort_of(const Attempt& attempt) { return {attempt.result.behavior, attempt.waited}; }

  std::deque<Attempt> attempts_;
  std::map<Sort, std::size_t> confirmed_in_a_row_;
};

}  // namespace touchstone
