// next_run.h - `touchstone serve --next`: clients that are told what to do (docs/next.md).
#pragma once
#include "runner/cli/cli.h"
#include "runner/cli/run/serve_options.h"

#include <string>
#include <vector>

namespace touchstone::cli {

// Until the command has been through all orders; without one, until Ctrl-C or, with --once, until a driver has.
[[nodiscard]] Exit run_next(const ServeOptions& options, const std::vector<std::string>& command_line);

}  // namespace touchstone::cli
