// test_options.h - what the user says to `touchstone test`, and what follows from it before anything is run.
#pragma once
#include "runner/cli/options/selection.h"
#include "runner/cli/options/spec_file.h"
#include "runner/engine/run.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace touchstone::cli {

struct TestOptions {
  std::string url, endpoint_profile;
  SelectionOptions selection;
  // The connection.
  std::string ca, server_name, certificate, key, host, origin;
  bool insecure = false, v4 = false, v6 = false;
  std::vector<std::string> headers, subprotocols;
  std::string proxy, unix_path;  // the way to the server
  std::string http = "1";        // 1, 2 or auto
  // The run.
  unsigned jobs = 0;
  int process = 0;
  std::string timeout, budget;
  bool step = false;
  std::uint64_t seed = 1;
  // Where the server comes from, and what it is called.
  std::string command, start_timeout, spec, agent;
  bool tls = false;  // of the embedded server
  // Output.
  std::string out, expect;
  bool keep_all = false, quiet = false;
};

void add_test_options(CLI::App& app, TestOptions& options);
// Those of them that say how to connect: for other subcommands with a URL.
void add_connection_options(CLI::App& app, TestOptions& options);
// And those that say which way.
void add_way_options(CLI::App& app, TestOptions& options, bool both = false);

// The functions below throw UsageError when the options do not make sense.

// "1", "2", "auto": the value of --http.
[[nodiscard]] ws::io::Http http_named(std::string_view version) noexcept;

// Extra header fields from --header and --origin.
[[nodiscard]] std::vector<ws::Field> header_fields(const TestOptions& options);
// Everything about the target but what stands in the spec file.
[[nodiscard]] Target make_target(const TestOptions& options, const std::string& url);
[[nodiscard]] Target make_target(const TestOptions& options, const SpecServer& server);
[[nodiscard]] RunOptions make_run_options(const TestOptions& options);

// The spec file, read; nothing without --spec. Its warnings go to standard error.
[[nodiscard]] std::optional<SpecFile> read_spec(const TestOptions& options);

// "90s", "10m" as the value of `option`.
[[nodiscard]] std::chrono::milliseconds duration_or_refuse(const std::string& text, std::string_view option);

// The file of --profile-of-peer; nothing without it.
[[nodiscard]] std::optional<EndpointProfile> read_endpoint_profile(const TestOptions& options);

// A file's content, or UsageError with the reason.
[[nodiscard]] std::string read_or_refuse(const std::string& path, std::string_view option);

}  // namespace touchstone::cli
