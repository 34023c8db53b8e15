// guardian.h - a small process between the tester and a command that it starts: it writes the command's log, and ends
// all that the command started when the tester says so, or is no more, whatever ended it.
//
// The command's shell is its child, and so becomes whatever the shell's children leave behind, in whatever session
// (PR_SET_CHILD_SUBREAPER): what is to be ended is found without asking it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace touchstone::cli {

// What it says, over a pipe: each one whole write.
struct GuardianSays {
  enum class What : std::int32_t { started, ended, left_running };
  What what = What::started;
  std::int32_t value = 0;  // of started: the id of the shell, and of its group; of ended: as of waitpid(); of
                           // left_running: the id of a process
};

struct GuardianTask {
  const char* command;  // for /bin/sh
  int log;              // a file, written from its end
  int life;  // the reading end of a pipe: its end, or so many milliseconds of patience, is the end of the command
  int says;  // the writing end of a pipe
};

// Of the log the beginning and the end are kept: no more than kMostLog bytes at any time.
inline constexpr std::size_t kMostLog = 16 * 1024 * 1024, kLogHead = 1024 * 1024;
inline constexpr std::int32_t kPatienceWithoutTester = 1000;  // milliseconds

// In a process that was just forked; uses only calls that are safe there.
[[noreturn]] void guard(const GuardianTask& task) noexcept;

}  // namespace touchstone::cli
