#include "reports/support/version.h"
#include "runner/cli/cli.h"
#include "runner/cli/manual.h"
#include "runner/cli/print.h"

#include <CLI/CLI.hpp>

namespace touchstone::cli {
namespace {

constexpr const char* kManualFooter = R"(
Examples:
  touchstone manual | man -l -                  read it where it is not installed
  touchstone manual | mandoc -T html > manual.html)";

}  // namespace

void add_manual_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("manual", "Print the manual page, in mdoc");
  command->footer(kManualFooter);
  command->callback([&app, &exit] {
    out("{}", manual(app, kVersion, kReleased));
    exit = Exit::ok;
  });
}

}  // namespace touchstone::cli
