// client_command.h - the client under test that `touchstone serve --command` starts: as often as it takes to get
// through the cases, and once more for those that failed or that it may have died of.
#pragma once
#include "runner/cli/process/client_deaths.h"
#include "runner/serve/server.h"

#include <ws/io/net/wait.h>

#include <filesystem>
#include <functional>
#include <set>
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

  // `blame`: the process died in the case, twice.
  using Blame = std::function<void(const Case& c, const ProgramEnd& end)>;
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
  // Those that it died of.
  [[nodiscard]] const std::set<const Case*>& blamed() const noexcept { return blamed_; }
  // One sentence for each time that it ended before its time, or had to be ended.
  [[nodiscard]] const std::vector<std::string>& deaths() const noexcept { return deaths_; }

 private:
  [[nodiscard]] bool one_case_a_process() const;
  [[nodiscard]] const Case* planned(const std::string& id) const;
  [[nodiscard]] asio::awaitable<ProgramEnd> run_process(std::string command);
  [[nodiscard]] asio::awaitable<void> run_each();
  [[nodiscard]] asio::awaitable<void> run_driver();
  [[nodiscard]] asio::awaitable<void> wait_until_idle();
  [[nodiscard]] asio::awaitable<void> confirm(std::vector<const Case*> suspects);
  [[nodiscard]] asio::awaitable<ProgramEnd> run_alone(const Case& c);
  void blame_the_dead();
  void tell(const ProgramEnd& end);
  void tell_at(const ProgramEnd& end, const Case& c);

  Settings settings_;
  Blame blame_;
  serve::FuzzingServer& server_;
  asio::any_io_executor executor_;
  ws::io::Signal changed_;
  std::vector<const Case*> cases_, left_;  // all that run() was given; those that nothing came of yet
  std::vector<std::string> deaths_;
  const Case* latest_ = nullptr;  // begun
  ClientDeaths dead_;
  std::set<const Case*> blamed_;
  std::size_t begun_ = 0;
  bool reported_ = false;
};

}  // namespace touchstone::cli
