// serve_options.h - what the user says to `touchstone serve`, and what follows from it before anybody connects.
#pragma once
#include "runner/cli/options/selection.h"
#include "runner/cli/run/expectations.h"
#include "runner/serve/server.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace touchstone::cli {

struct ServeOptions {
  std::string host = "127.0.0.1";
  std::optional<std::uint16_t> port;
  bool tls = false;
  std::string certificate, key, spec;
  std::string http = "1";
  SelectionOptions selection;
  // The client.
  std::string agent, command, idle = "60s";
  bool once = false, next = false;
  std::vector<std::string> trusted;  // hosts
  // The run and its output.
  std::string timeout, out, expect;
  std::uint64_t seed = 1;
  bool keep_all = false, quiet = false;
};

void add_serve_options(CLI::App& app, ServeOptions& options);

// The plan that follows from options and spec file. Throws UsageError when they do not make sense.
struct ServePlan {
  std::vector<const Case*> cases;
  std::filesystem::path out;
  serve::Settings settings;
  std::chrono::milliseconds idle{};
  std::optional<Expectations> expectations;
  bool keep_all = false;  // whole transcripts of all cases
};
[[nodiscard]] ServePlan make_plan(const ServeOptions& options, const Catalogue& catalogue);

}  // namespace touchstone::cli
