// child_process.h - one shell command in a process group of its own, its output in a log file.
//
// A guardian (guardian.h) ends everything that the command started, and nothing else, also when this process is killed;
// the group also keeps the terminal's Ctrl-C from the server while results are still being collected.
#pragma once
#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace touchstone::cli {

class ChildProcess {
 public:
  // Runs `command` with /bin/sh; output is appended to `log`. The error is a sentence.
  [[nodiscard]] static std::expected<ChildProcess, std::string> start(const std::string& command,
                                                                      const std::filesystem::path& log);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // stop()

  // Waits at most so long for the end of the shell. How it ended: "exit code 1", "signal 11 (Segmentation fault)".
  [[nodiscard]] std::optional<std::string> ended(std::chrono::milliseconds wait);
  // Readable once the shell has ended; to be waited for among other things, and never read from or closed.
  [[nodiscard]] int descriptor() const noexcept { return says_; }
  [[nodiscard]] pid_t id() const noexcept { return shell_; }  // of the shell, and of the group
  // SIGTERM to all of it, and SIGKILL to what is left after `patience`, or after half a second when the user wants the
  // end (interrupted()). What cannot be ended is named on stderr.
  void stop(std::chrono::milliseconds patience = std::chrono::seconds(3)) noexcept;

 private:
  ChildProcess(pid_t guardian, int life, int says) noexcept : guardian_(guardian), life_(life), says_(says) {}
  pid_t guardian_ = -1, shell_ = 0;
  int life_ = -1;  // its end is the command's
  int says_ = -1;  // what the guardian says
  std::optional<std::string> how_;
};

}  // namespace touchstone::cli
