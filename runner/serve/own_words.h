// own_words.h - messages that a client sends of its own: a greeting on every connection, or news now and then, whatever
// is in them. No rule forbids it (RFC 6455 5.6, 6.1: a message at any time), and what comes back beside them can be
// compared all the same.
//
// A client comes by itself, so nobody can ask it beforehand: it is known by its connections. What counts is how many
// messages came that have nothing in them of the tester's, on this connection or an earlier one, where all the others
// came back as they were sent.
#pragma once
#include "runner/engine/verdict/observation.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace touchstone::serve {

class OwnWords {
 public:
  // One more connection, with all that came in `c`.
  void see(const Case& c, const Observation& observation);
  // How many messages of its own it sends on every connection; 0: none, or nobody knows yet.
  [[nodiscard]] std::size_t known() const;
  // It sends some on connections of any kind, and none on others.
  [[nodiscard]] bool come_now_and_then() const;

  // Of one connection: 0 where nothing of its own came, or nobody can tell what did.
  [[nodiscard]] static std::size_t in(const Observation& observation);
  // As if up to `n` messages that are like none of the tester's had not come.
  static void leave_out(Observation& observation, std::size_t n);

  static constexpr std::size_t kMost = 4;             // messages of its own
  static constexpr std::size_t kEnough = 3;           // connections, where it does so on every one of them;
  static constexpr std::size_t kOften = 5, kFar = 3;  // else so many, in so many folders of cases

 private:
  std::map<std::size_t, std::size_t> times_;  // connections, by the number of messages of its own
  std::size_t unlike_ = 0;                    // connections on which more was otherwise
  std::set<std::string> folders_;             // of cases in which it sent some
  std::set<std::string> sent_;                // by the tester, on any connection; short ones, and not for ever
};

}  // namespace touchstone::serve
