// client_command.h - the client under test that `touchstone serve --command` starts: as often as it takes to get
// through the cases, and once more for those that failed.
#pragma once
#include "runner/cli/process/child_process.h"
#include "runner/serve/server.h"

#include <ws/io/net/wait.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace touchstone::cli {

class ClientCommand {
 public:
  struct Settings {
    std::string command;
    std::string url;  // "ws://127.0.0.1:9001"
    std::string agent;
    std::filesystem::path log;
    std::chrono::milliseconds idle{60'000};
  };

  // `blame`: the case ended the process by a signal, twice.
  using Blame = std::function<void(const Case& c, const std::string& how)>;
  ClientCommand(Settings settings, Blame blame, serve::FuzzingServer& server, asio::any_io_executor executor);

  // To be told by the server's observer.
  void started(const Case& c);
  void finished(const Result& result);
  void reported();  // it asked for /updateReports

  // Runs the client until it has been through all of `cases`, or nothing more comes of it.
  [[nodiscard]] asio::awaitable<void> run(std::vector<const Case*> cases);
  // What no run of the client came to.
  [[nodiscard]] const std::vector<const Case*>& left() const noexcept { return left_; }
  // Whether it ever began a case.
  [[nodiscard]] bool connected() const noexcept { return latest_ != nullptr; }
  // One sentence for each time that it ended before its time, or had to be ended.
  [[nodiscard]] const std::vector<std::string>& deaths() const noexcept { return deaths_; }

 private:
  // How one process of it ended.
  struct End {
    std::string how;       // empty: it was idle, and stopped
    bool orderly = false;  // exit code 0
  };
  [[nodiscard]] bool one_case_a_process() const;
  [[nodiscard]] const Case* planned(const std::string& id) const;
  [[nodiscard]] asio::awaitable<End> run_process(std::string command);
  [[nodiscard]] asio::awaitable<void> run_each();
  [[nodiscard]] asio::awaitable<void> run_driver();
  [[nodiscard]] asio::awaitable<void> wait_until_idle();
  void tell(const End& end);

  Settings settings_;
  Blame blame_;
  serve::FuzzingServer& server_;
  asio::any_io_executor executor_;
  ws::io::Signal changed_;
  std::vector<const Case*> cases_, left_;  // all that run() was given; those that nothing came of yet
  std::vector<std::string> deaths_;
  const Case* latest_ = nullptr;  // begun
  bool latest_cut_ = false;       // its connection ended without a Close
  std::size_t begun_ = 0;
  bool reported_ = false;
};

}  // namespace touchstone::cli
