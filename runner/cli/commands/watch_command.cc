#include "runner/cli/cli.h"
#include "runner/cli/options/common.h"
#include "runner/cli/run/watching.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kWatchFooter = R"(
CMD starts the server under test, as --command of `touchstone test` does; {port} in it becomes a free port. On every change
of a file below --dir it is started anew: first the cases that failed run, then the rest. A change meanwhile begins anew.
Hidden files and what is made from others (build, target, dist, node_modules, __pycache__) do not count.

The reports are DIR/failed-first and DIR/rest; what failed at the last time is known again at the next start.

Exit codes: after Ctrl-C 0, or 1 when a case fails as things stand; 2 a bad option.

Examples:
  touchstone watch -- node server.js {port}
  touchstone watch --profile core --dir src -- 'make -s server && exec ./server {port}')";

}  // namespace

void add_watch_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<WatchOptions>();
  CLI::App* command = app.add_subcommand("watch", "Test a server anew on every change of a file, what failed first");
  command->footer(kWatchFooter);
  command->add_option("CMD", options->command, "The command of the server and its arguments, after --")->required();
  add_selection_options(*command, options->selection);
  repeatable(
      command->add_option("--dir", options->dirs, "Look at the files below this folder (default: .); may be repeated"),
      "DIR");
  command->add_option("--timeout", options->timeout, "Silence that counts as no answer, as of `touchstone test`")
      ->type_name("DURATION");
  add_out_option(*command, options->out, "Folder of the reports (default: touchstone-watch)");
  command->callback([options, &exit] { exit = touchstone::cli::watch(*options); });
}

}  // namespace touchstone::cli
