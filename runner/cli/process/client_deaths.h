// client_deaths.h - which cases a client's program died of, told from the ways in which it leaves on purpose.
//
// A connection that has to fail may end with TCP (RFC 6455 7.1.7), so the wire shows no difference between a program
// that gave up and one that crashed. The program does: it went on, or it ended in the middle of the case. A signal or a
// panic is a death. So is an exit code other than 0, unless that is how this program tells of every error: one that
// closed the connection as it should and then left with the same code, or that never failed a connection in another
// way.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"

#include <set>
#include <string>
#include <vector>

namespace touchstone::cli {

// How one process of it ended.
struct ProgramEnd {
  std::string how{};         // "exit code 1", "signal 11 (Segmentation fault)"; empty: it was idle, and stopped
  std::string last_words{};  // of its log
  bool panic = false;        // a sanitizer or a panic is in its log
  bool exception = false;    // or an exception that nobody caught
  [[nodiscard]] bool orderly() const { return how == "exit code 0"; }
  [[nodiscard]] bool by_signal() const { return how.starts_with("signal"); }
};

class ClientDeaths {
 public:
  // `one_a_case`: the program is there for one connection, and may say by an exit code that it had to fail it.
  explicit ClientDeaths(bool one_a_case) : one_a_case_(one_a_case) {}

  // A case begins: the program lives, whatever it did to earlier connections.
  void began();
  void finished(const Case& c, const Result& result);
  // The process has ended, and all its cases are judged. Those that it may have died of, to be run again one by one.
  [[nodiscard]] std::vector<const Case*> suspects(const ProgramEnd& end);
  // It ended so in `c`, twice.
  void confirm(const Case& c, ProgramEnd end) { confirmed_.emplace_back(&c, std::move(end)); }

  struct Death {
    const Case* c = nullptr;
    ProgramEnd end;
  };
  // What accuses it, once the run is over and its manners are known.
  [[nodiscard]] std::vector<Death> deaths() const;

 private:
  [[nodiscard]] bool is_manner(const ProgramEnd& end) const;

  bool one_a_case_;
  std::vector<const Case*> cut_;   // ended with TCP and without a Close since the latest sign of life
  bool failed_one_ = false;        // it ended the connection of a case by itself, since then
  bool closed_last_ = false;       // the latest case ended with its Close
  bool goes_on_ = false;           // it lived on after that once
  std::set<std::string> manners_;  // ends after a Close of its own
  std::vector<Death> confirmed_;
};

}  // namespace touchstone::cli
