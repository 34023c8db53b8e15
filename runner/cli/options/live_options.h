// live_options.h - the options of a process beside somebody else's tests.
#pragma once
#include "runner/cli/process/live_process.h"

namespace CLI {
class App;
}

namespace touchstone::cli {

// --port, --host, --tls, --json, --exit-with-stdin, --strict.
void add_live_options(CLI::App& app, LiveOptions& options);

}  // namespace touchstone::cli
