// client_run.h - what a run against clients has, whether they only connect (`serve`) or are told what to do (`serve
// --next`): the plan, the folder, the journal, the stop, and what is said of it in the end.
#pragma once
#include "runner/cli/cli.h"
#include "runner/cli/run/serve_options.h"
#include "runner/cli/run/serve_results.h"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

class ClientRun {
 public:
  ClientRun(const ClientRun&) = delete;
  ClientRun& operator=(const ClientRun&) = delete;
  virtual ~ClientRun() = default;

  // Until Ctrl-C, or until the clients are done. Throws UsageError.
  [[nodiscard]] Exit run(const std::vector<std::string>& command_line);

 protected:
  explicit ClientRun(const ServeOptions& options);

  // --- What differs -----------------------------------------------------------------------------------------

  // Opens the port and says where. Throws UsageError.
  virtual void listen() = 0;
  // The client of --command, from its first start to its last end.
  virtual asio::awaitable<void> conduct() = 0;
  // How it ended: nobody is served any more after this. `because`: why not all was run, when it is known.
  struct Ending {
    std::string because;
    std::vector<std::string> deaths;  // of the client's program, one sentence each
  };
  virtual Ending end() = 0;
  // All reports, as the last thing but the words on the terminal.
  [[nodiscard]] virtual std::expected<void, FileError> render_last() { return render(); }

  // --- What is the same -------------------------------------------------------------------------------------

  // A client is waited for, so that its absence is an error. A server that is simply stopped has no plan to miss.
  [[nodiscard]] bool waits() const { return options_.once || !options_.command.empty(); }
  // "ws://127.0.0.1:9001"
  [[nodiscard]] std::string url(std::string_view scheme, std::uint16_t port) const;
  // The first line, which scripts wait for; not for a client that is started here when all is to be quiet.
  void say_listening(const std::string& url) const;
  void say(const std::string& line) const;  // on standard error, unless --quiet
  // The first ten of them; the summary has the others.
  void say_failure(const Result& result);
  // As it came, with the command that repeats it in the user's terms.
  [[nodiscard]] Result with_replay(Result result) const;
  [[nodiscard]] std::expected<void, FileError> render() const;

  const ServeOptions& options_;
  const Catalogue& catalogue_;
  ServePlan plan_;
  ServeResults results_;
  RunInfo info_;
  asio::io_context context_{1};

 private:
  asio::awaitable<void> watch_stop();
  [[nodiscard]] Exit conclude();
  void report(const Ending& ending, bool has_page) const;
  [[nodiscard]] Exit verdict(const Ending& ending, bool as_expected) const;

  std::size_t failures_ = 0;
};

}  // namespace touchstone::cli
