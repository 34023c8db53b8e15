// endpoints.h - the servers that a run tests, and what keeps them alive meanwhile.
#pragma once
#include "runner/cli/options/test_options.h"
#include "runner/cli/process/embedded_server.h"
#include "runner/cli/process/server_process.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::cli {

struct Endpoint {
  Target target;
  EndpointProfile profile;             // as probed or as told
  Greeting greeting;                   // valid when `unreachable` is empty
  std::string unreachable;             // why not, for people
  bool own_shortage = false;           // with unreachable: it is this machine that has no room for a connection
  std::chrono::milliseconds spent{0};  // on its greeting and its probe
  std::vector<const Case*> cases;
};

class Endpoints {
 public:
  // From URL, --command, --spec, or the embedded server. Throws UsageError. Nothing is started yet.
  Endpoints(const TestOptions& options, const std::optional<SpecFile>& spec);

  // Starts what has to be started; the log goes to `folder`. The error is for people: exit 3.
  [[nodiscard]] std::expected<void, std::string> start(const std::filesystem::path& folder);
  // One handshake each; afterwards every endpoint has a name of its own.
  // `over`, with which nobody is waited for any more, is an interrupt if nothing else is said.
  void greet_all(const RunOptions& options, const std::function<bool()>& over = {});

  [[nodiscard]] std::vector<Endpoint>& all() noexcept { return all_; }
  [[nodiscard]] ServerProcess* server() noexcept { return server_ ? &*server_ : nullptr; }
  // What each does with messages, unless --profile-of-peer says so; `largest` octets are the most that cases send.
  void probe_all(const RunOptions& options, const Sizes& most);
  void stop_servers() noexcept;

  // How a result is run again; see Collector.
  [[nodiscard]] std::string replay(const Case& c, const Target& target, const RunOptions& options) const;

 private:
  void name(Endpoint& endpoint);
  void add_command();
  void ask_twice();

  const TestOptions& options_;
  std::vector<Endpoint> all_;
  std::optional<ServerProcess::Settings> command_;
  std::optional<ServerProcess> server_;
  std::unique_ptr<EmbeddedServer> embedded_;
};

}  // namespace touchstone::cli
