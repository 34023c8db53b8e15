#include "runner/cli/options/live_options.h"

#include "runner/cli/options/common.h"

#include <CLI/CLI.hpp>

namespace touchstone::cli {

void add_live_options(CLI::App& app, LiveOptions& options) {
  const std::string server = "Server", process = "Process";
  add_port_option(app, options.port, "a free one")->group(server);
  add_listen_host_option(app, options.host)->group(server);
  add_listen_tls_flag(app, options.tls, " that signs itself; the first line names the file to trust")->group(server);
  app.add_flag("--json", options.json, "One JSON object a line on standard output, in place of sentences")
      ->group(process);
  app.add_flag("--exit-with-stdin", options.exit_with_stdin,
               "End when standard input ends: with the process that started this one")
      ->group(process);
  app.add_flag("--strict", options.strict, "Exit code 1 also where only a SHOULD was broken")->group(process);
}

}  // namespace touchstone::cli
