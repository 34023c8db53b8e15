// habits.h - what an endpoint does by itself on every connection: it closes as soon as that is open, after so many
// messages, after some time, or for more than it takes. No rule forbids it (RFC 6455 7.3, 10.4, C-15, C-27), and what
// cannot be asked for that reason is not judged.
//
// A server is asked for its limits before its cases (probe.h). A client comes by itself, and a timer shows with time
// only: they are known by the cases themselves. A habit is one quantity that tells, without an exception, the legal
// cases in which the endpoint closed from those in which it did not. What it does to some cases and not to others that
// are like them is no habit but a fault.
#pragma once
#include "reports/result/result.h"
#include "runner/engine/endpoint_profile.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

class Habits {
 public:
  // `c` with its expectation; `result` with its whole transcript. What ran twice counts once, as it was last.
  void see(const Case& c, const Result& result);

  // Nobody could tell which messages were the endpoint's own: what came in that case is not compared.
  void heard_unclearly(const std::string& case_id) { sights_[case_id].unclear = true; }

  // Looks at all that was seen. Before that, and where nothing was found, no habit is known.
  void conclude();

  // The same for an endpoint that can be asked: what may be a habit, one after the other. To be played on a fresh
  // connection: a case that has the quantity and nothing else of those in which the endpoint closed, with its
  // expectation; settle() has what came of it, or nothing where there was no connection. Nothing: all is known.
  [[nodiscard]] std::optional<Case> trial();
  void settle(const std::optional<Result>& tried);
  // The endpoint ended the connection before the tester did.
  [[nodiscard]] static bool ended_by_itself(const Result& result);
  // In words, for people: "it closes every connection by itself ..."; empty: it has no habit.
  [[nodiscard]] const std::string& words() const noexcept { return words_; }

  // Whether what is held against the endpoint is explained by the habit alone.
  [[nodiscard]] bool explains(const Result& result) const;
  // The same result without what the habit explains: NOT-APPLICABLE where nothing else was found. A limit that shows
  // by the end of TCP alone is NON-STRICT (7.1.7) in the first of them.
  [[nodiscard]] Result without_it(Result result);

 private:
  enum class Quantity : std::uint8_t { any, messages, pings, message, frame, fragments, text, octets, lived, idle };
  static constexpr std::size_t kQuantities = 10;
  struct Sight {
    bool legal = false;                     // nothing in the case is a reason to close
    bool several = false;                   // connections
    bool unasked = false;                   // it closed one of them, and nobody had asked for that
    std::uint64_t took = 0;                 // the whole case
    bool closed = false;                    // by itself, before the tester
    bool by_close = false;                  // with a Close
    bool close_came = false;                // whoever began
    std::uint64_t messages = 0, pongs = 0;  // that came
    std::optional<std::uint16_t> code{};
    bool unclear = false;  // as in heard_unclearly()
    std::array<std::uint64_t, kQuantities> values{};
  };
  [[nodiscard]] static Sight sight_of(const Case& c, const Result& result);
  struct Candidate {
    Quantity quantity = Quantity::any;
    std::uint64_t least = 0;
  };
  // `can_be_asked`: what a busy machine did to times is no matter then.
  [[nodiscard]] std::vector<Candidate> candidates(bool can_be_asked);
  [[nodiscard]] static constexpr bool is_time(Quantity quantity) noexcept { return quantity >= Quantity::lived; }
  [[nodiscard]] std::optional<std::uint64_t> threshold(Quantity quantity) const;
  [[nodiscard]] std::optional<std::uint64_t> count(Quantity quantity) const;
  [[nodiscard]] bool closes_at_once() const;
  [[nodiscard]] bool explains(const Result& result, const Finding& finding) const;
  [[nodiscard]] bool is_way(const Sight& sight) const;
  [[nodiscard]] bool is_reached(const Sight& sight) const;
  void take(const Candidate& candidate);
  [[nodiscard]] static Case trial_of(Quantity quantity, std::uint64_t least);
  [[nodiscard]] std::string in_words(Quantity quantity, std::uint64_t least) const;

  std::map<std::string, Sight> sights_;             // by the id of the case
  std::optional<std::vector<Candidate>> to_try_{};  // the last one first
  std::optional<Quantity> quantity_{};
  std::uint64_t least_ = 0;  // of it, from which on the endpoint closes; of what it counts, how many it answers before
  std::optional<std::uint16_t> code_{};
  bool by_close_ = true, said_without_close_ = false;
  std::string words_;
};

}  // namespace touchstone
