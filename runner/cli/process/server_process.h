// server.h - the server under test that `--command` starts: on a free port, watched, logged, started again when it
// dies, stopped at the end.
#pragma once
#include "runner/cli/process/child_process.h"
#include "runner/cli/process/program_log.h"

#include <ws/io/net/stream.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

namespace touchstone::cli {

// A TCP port of this machine that is free at this moment.
[[nodiscard]] std::expected<std::uint16_t, std::string> free_port();

class ServerProcess {
 public:
  struct Settings {
    std::string command;  // {port} is put in already
    std::string host;     // where it will accept connections
    std::uint16_t port = 0;
    std::filesystem::path log;
    std::chrono::milliseconds start_deadline{30'000};
  };

  ServerProcess(Settings settings, const std::atomic<bool>& stop) : settings_(std::move(settings)), stop_(stop) {}

  // Starts it and waits until it accepts a connection. The error says what happened instead, with the end of its log.
  [[nodiscard]] std::expected<void, std::string> start();
  // The same, after a look that nobody else is listening there already.
  [[nodiscard]] std::expected<void, std::string> start_first();
  // After connections were refused: how it died, in words, with the sanitizer's line when there is one.
  [[nodiscard]] std::string autopsy();
  // How it ended, if it did within `wait`.
  [[nodiscard]] std::optional<std::string> ended(std::chrono::milliseconds wait) {
    return process_ ? process_->ended(wait) : std::nullopt;
  }
  // A sanitizer's report, or a panic that it survived, that was written since the last call.
  [[nodiscard]] std::optional<LogFault> new_fault_in_log();
  void stop() noexcept { process_.reset(); }
  [[nodiscard]] int id() const noexcept { return process_ ? process_->id() : 0; }  // of its group; 0: it does not run

  // The last lines that it wrote, for people.
  [[nodiscard]] std::string log_tail() const;
  [[nodiscard]] const std::filesystem::path& log() const noexcept { return settings_.log; }

 private:
  [[nodiscard]] std::expected<void, std::string> wait_until_it_accepts();

  Settings settings_;
  const std::atomic<bool>& stop_;
  std::optional<ChildProcess> process_;
  std::uintmax_t started_at_ = 0;  // octets of the log that earlier processes wrote
  std::uintmax_t scanned_ = 0;     // octets that new_fault_in_log() has seen
};

}  // namespace touchstone::cli
