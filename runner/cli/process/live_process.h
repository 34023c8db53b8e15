// live_process.h - a process beside somebody else's tests: its events on standard output, its commands on standard
// input, and its end. What `touchstone play` and `touchstone tap` share.
#pragma once
#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/live/watcher.h"

#include <ws/io/net/listener.h>

#include <asio/io_context.hpp>

#include <filesystem>
#include <functional>
#include <optional>

namespace touchstone::cli {

struct LiveOptions {
  std::optional<std::uint16_t> port;
  std::string host = "127.0.0.1";
  bool tls = false, json = false, exit_with_stdin = false, strict = false;
};
class LiveProcess {
 public:
  explicit LiveProcess(const LiveOptions& options);
  LiveProcess(const LiveProcess&) = delete;
  LiveProcess& operator=(const LiveProcess&) = delete;
  ~LiveProcess();

  [[nodiscard]] Events& events() noexcept { return events_; }
  [[nodiscard]] asio::any_io_executor executor() { return context_.get_executor(); }

  // What the options say of listening. With --tls and without a certificate it signs itself.
  [[nodiscard]] ws::io::ListenOptions listen(const std::string& certificate, const std::string& key);
  // The first line: "listening" with the URL and, when it signs itself, the file of the certificate to trust.
  void announce(std::uint16_t port, Json more = Json::object());

  // Runs the loop until `finish()`: lines of standard input go to `on_line`; a signal, or with --exit-with-stdin its
  // end, to `on_stop`.
  void run(const std::function<void(const std::string&)>& on_line, const std::function<void()>& on_stop);
  void finish() { context_.stop(); }

  // What was asked for in vain, as an event of its own or on standard error.
  void tell_faults(const std::vector<CaseFileError>& faults);
  // The last line. The exit code that it names is the process's.
  Exit verdict(Exit exit, Json more);

 private:
  LiveOptions options_;
  asio::io_context context_{1};
  Events events_;
  std::filesystem::path certificate_;  // of its own
};

// What the totals of a run with these options come to.
[[nodiscard]] Exit exit_of(const Totals& totals, std::uint64_t failed, bool strict);
[[nodiscard]] Json totals_json(const Totals& totals);

}  // namespace touchstone::cli
