// child_process.h - one shell command in a process group of its own, its output in a log file.
//
// The group lets us end everything that the command started, and nothing else; it also keeps the terminal's
// Ctrl-C from the server while results are still being collected.
#pragma once
#include <atomic>
#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace touchstone::cli {

// The process group that a handler of a second SIGINT must end before it leaves; 0: none.
extern std::atomic<pid_t> urgent_group;

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
  [[nodiscard]] int descriptor() const noexcept { return pidfd_; }
  [[nodiscard]] pid_t id() const noexcept { return pid_; }  // of the shell, and of the group
  // SIGTERM to the whole group, and SIGKILL to what is left of it after `patience`.
  void stop(std::chrono::milliseconds patience = std::chrono::seconds(3)) noexcept;

 private:
  ChildProcess(pid_t pid, int alive_fd) noexcept;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int alive_fd_ = -1;  // end of a pipe whose other end every process of the command holds
  std::optional<std::string> how_;
};

}  // namespace touchstone::cli
