#include "runner/cli/cli.h"

#include "reports/support/version.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kCliFooter = R"(
Exit codes:
  0  everything as expected
  1  failures: at least one case FAILED or ERRORED
  2  usage: a bad option, URL, pattern or input file
  3  the endpoint could not be reached, or died (the message says at which case)
  4  fewer cases ran, or could be recorded, than were planned

Examples:
  touchstone test                               the embedded reference server
  touchstone test ws://127.0.0.1:9001/          any server
  touchstone test --command 'node server.js {port}' --case 'close/*'
  touchstone list --case '7.*'
  touchstone explain 7.7.1
`touchstone SUBCOMMAND --help` tells the options of each.)";

// The options that `app` knows, for "did you mean".
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The subcommand the user chose, or the program itself.
const CLI::App& chosen(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app : *used.front();
}

std::string command_path(const CLI::App& app, const CLI::App& sub) {
  return &app == &sub ? app.get_name() : app.get_name() + " " + sub.get_name();
}

// What the user wrote that nobody understands, with what it may have been meant to be.
void tell_unknown(const std::string& path, const CLI::App& sub, const std::string& word) {
  const bool option = word.starts_with('-');
  const bool subcommand = !option && sub.get_require_subcommand_min() > 0;
  std::vector<std::string> known = option ? option_names(sub) : std::vector<std::string>();
  if (subcommand) {
    for (const CLI::App* each : sub.get_subcommands({})) known.push_back(each->get_name());
  }
  const auto near = nearest(word, known, 1);
  err("{}: '{}' is {}{}\n", path, word, subcommand ? "no subcommand" : "not known here",
      near.empty() ? "" : "; did you mean " + near.front() + "?");
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  const CLI::App& sub = chosen(app);
  const std::string path = command_path(app, sub);
  const std::vector<std::string> extras = app.remaining(true);
  const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || &sub == &app;
  if (unknown && !extras.empty()) {
    tell_unknown(path, sub, extras.front());
  } else {
    err("{}: {}\n", path, error.what());
  }
  err("Run '{} --help' for the options and examples.\n", path);
  return static_cast<int>(Exit::usage);
}

// CLI11's own, with descriptions that are wrapped.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kColumn); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrap(CLI::Formatter::make_option_desc(option), kWidth - kColumn, 0);
  }

 private:
  static constexpr std::size_t kColumn = 32, kWidth = 112;
};

// What was printed must have arrived: `touchstone list > /full/disk` is no success.
int flushed(int code) {
  const std::string lost = lost_output();
  if (lost.empty()) return code;
  err("touchstone: cannot write to standard output: {}\n", lost);
  return code == 0 ? static_cast<int>(Exit::incomplete) : code;
}

std::vector<std::string>& words() {
  static std::vector<std::string> kept;
  return kept;
}

}  // namespace

const std::vector<std::string>& command_line() { return words(); }

int run(int argc, char** argv) {
  words().assign(argv, argv + argc);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows beyond its limit is an error of the write, as a full disk is
  CLI::App app{"Touchstone tests WebSocket endpoints against RFC 6455 and RFC 7692.", "touchstone"};
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("--version", fmt::format("touchstone {}", kVersion));
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.footer(kCliFooter);
  app.require_subcommand(1);
  Exit exit = Exit::ok;
  add_test_command(app, exit);
  add_watch_command(app, exit);
  add_serve_command(app, exit);
  add_proxy_command(app, exit);
  add_probe_command(app, exit);
  add_list_command(app, exit);
  add_explain_command(app, exit);
  add_lint_command(app, exit);
  add_coverage_command(app, exit);
  add_echo_command(app, exit);
  add_play_command(app, exit);
  add_tap_command(app, exit);
  add_bench_command(app, exit);
  add_fuzz_command(app, exit);
  add_report_command(app, exit);
  add_expect_command(app, exit);
  add_completion_command(app, exit);
  add_manual_command(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return flushed(report_parse_error(app, error));
  } catch (const UsageError& error) {
    err("touchstone: {}\n", error.what());
    exit = Exit::usage;
  } catch (const std::exception& error) {
    // No memory, or no descriptor for an event loop: of this machine, not of an endpoint.
    err("touchstone: {}. What the journal has is kept: `touchstone report` renders it.\n", error.what());
    exit = Exit::incomplete;
  }
  return flushed(static_cast<int>(exit));
}

}  // namespace touchstone::cli
