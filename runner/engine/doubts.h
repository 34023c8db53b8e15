// doubts.h - failures that are run again alone before anyone is accused.
//
// Octets that came under load stand for other octets. A silence does not: there a busy machine, or an endpoint that
// another case kept busy, may have had its part.
#pragma once
#include "runner/engine/attempt.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <tuple>

namespace touchstone {

class Doubts {
 public:
  // Whether the endpoint may be accused of `attempt` only when a second run shows it again.
  [[nodiscard]] static bool about(const Attempt& attempt);

  void add(Attempt attempt) { attempts_.push_back(std::move(attempt)); }
  [[nodiscard]] bool empty() const noexcept { return attempts_.empty(); }
  [[nodiscard]] const std::deque<Attempt>& all() const noexcept { return attempts_; }

  // What never came in the whole run, as is known by now, is one sort of silence, whatever rule it breaks.
  void mark_hopeless(const std::function<bool(const Attempt&)>& is_hopeless);
  // What an endpoint does to many cases it does by itself; what befell a few may have been an accident.
  void rare_ones_first();
  // The first in the queue.
  [[nodiscard]] const Attempt& next() const { return attempts_.front(); }
  // So many of a sort that were confirmed without an exception stand for the rest. Silences take their time, and are
  // of smaller sorts.
  [[nodiscard]] static constexpr std::size_t enough(bool waited) noexcept { return waited ? 3 : 25; }
  // So many of its sort were confirmed without an exception that they stand for the next one too.
  [[nodiscard]] bool next_is_beyond_doubt() const;
  [[nodiscard]] Attempt take_next();
  // What is reported of a case that ran twice: the second run, with the first one beside it when the two differ. Octets
  // that came in the first run are no accident: they stand.
  [[nodiscard]] Result settled(Attempt first, Attempt second);

  // Whether the gravest that is found rests on octets that the endpoint sent, and on no silence and no end of TCP.
  [[nodiscard]] static bool rests_on_octets(const Result& result);

  // Such a failure that a second run alone did not show: what other connections did changed it (RFC 6455 5.4: the
  // payloads of a message are its own fragments).
  struct Beside {
    Attempt first, alone;
    int again = 0, runs = 0;  // how often it was seen again beside others
  };
  void add(Beside beside) { beside_.push_back(std::move(beside)); }
  [[nodiscard]] std::deque<Beside>& beside() noexcept { return beside_; }
  [[nodiscard]] const std::deque<Beside>& beside() const noexcept { return beside_; }
  [[nodiscard]] static Result settled(Beside beside);

 private:
  // Those that break the same rule in the same way; a silence also with those that lack the same that never comes.
  using Sort = std::tuple<Behavior, bool, std::string>;
  [[nodiscard]] static Sort sort_of(const Attempt& attempt);

  std::deque<Attempt> attempts_;
  std::deque<Beside> beside_;
  std::map<Sort, std::size_t> confirmed_in_a_row_;
};

}  // namespace touchstone
