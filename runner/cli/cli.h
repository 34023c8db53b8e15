// cli.h - the program `touchstone`: one file per subcommand, put together in cli.cc.
#pragma once
#include "reports/support/said.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace touchstone::cli {

// What the shell is told. These numbers are promised in the help and in the README.
enum class Exit : int {
  ok = 0,           // everything as expected
  failures = 1,     // at least one case FAILED or ERRORED
  usage = 2,        // bad option, bad URL, bad or unreadable input file
  unreachable = 3,  // the endpoint could not be reached, or died
  incomplete = 4,   // fewer cases ran, or could be recorded, than were planned
};

// The user asked for something that cannot be done as told; what() is the whole message. Exit 2.
struct UsageError : std::runtime_error {
  // What files and arguments say is made visible: what() would end at the first NUL, and a terminal obeys the others.
  explicit UsageError(const std::string& text) : std::runtime_error(clean_text(text)) {}
};

// Each adds its subcommand to `app`; running it leaves the outcome in `exit`.
void add_test_command(CLI::App& app, Exit& exit);
void add_watch_command(CLI::App& app, Exit& exit);
void add_serve_command(CLI::App& app, Exit& exit);
void add_probe_command(CLI::App& app, Exit& exit);
void add_list_command(CLI::App& app, Exit& exit);
void add_explain_command(CLI::App& app, Exit& exit);
void add_lint_command(CLI::App& app, Exit& exit);
void add_coverage_command(CLI::App& app, Exit& exit);
void add_echo_command(CLI::App& app, Exit& exit);
void add_play_command(CLI::App& app, Exit& exit);
void add_tap_command(CLI::App& app, Exit& exit);
void add_report_command(CLI::App& app, Exit& exit);
void add_compare_command(CLI::App& report, Exit& exit);  // below `report`
void add_pcap_command(CLI::App& report, Exit& exit);     // the same
void add_proxy_command(CLI::App& app, Exit& exit);
void add_fuzz_command(CLI::App& app, Exit& exit);
void add_bench_command(CLI::App& app, Exit& exit);
void add_expect_command(CLI::App& app, Exit& exit);
void add_completion_command(CLI::App& app, Exit& exit);
void add_manual_command(CLI::App& app, Exit& exit);

// The words that the program was called with, for the record of a run.
[[nodiscard]] const std::vector<std::string>& command_line();

// Parses the command line, runs the subcommand, returns the exit code of the process.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace touchstone::cli
