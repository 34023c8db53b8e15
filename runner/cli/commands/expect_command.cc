#include "reports/journal.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/text.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kExpectFooter = R"(
An expectation file names the cases whose failure is known and accepted, with the reason. `touchstone test --expect FILE`
then fails on what is new: a failure that is not listed, a listed case that passes, does not run or is no case any more,
and fewer cases than the file asks for.

Exit codes: 0 as expected (or written, with --update), 1 not, 2 a file that cannot be read or written, 4 a partial run.

Examples:
  touchstone test ws://127.0.0.1:9001/ ; touchstone expect --update expected.json    accept what fails today
  touchstone test ws://127.0.0.1:9001/ --expect expected.json                        in continuous integration
  touchstone expect expected.json --from touchstone-report                           an earlier run again)";

struct ExpectOptions {
  std::string file, from = kDefaultFolder;
  bool update = false;
};

Journal read_run(const std::string& from) {
  Journal journal = must(read_journal(from));
  if (journal.run.endpoints.size() > 1) {
    throw UsageError(from + ": has several endpoints; an expectation file is about one. Run each of them on its own");
  }
  return journal;
}

Exit update_file(const ExpectOptions& options, const Journal& journal) {
  if (!journal.run.complete) {
    throw UsageError(
        fmt::format("{}: the run is partial, so nothing can be said about the cases that it lacks", options.from));
  }
  Expectations old;
  if (std::filesystem::exists(options.file)) {
    old = read_expectations(options.file);
  } else {
    old.at_least = 0;  // A new file counts the cases.
  }
  const Updated updated = update(old, journal.results);
  must(write_file(options.file, write_expectations(updated.expectations)));
  out("{}: {} as before, {} new, {} gone\n", options.file, count_of(updated.kept, "case"), updated.added,
      updated.dropped);
  if (updated.added > 0) out("Replace each reason that begins with {} by yours.\n", kUnexplained);
  return Exit::ok;
}

Exit check_run(const ExpectOptions& options, const Journal& journal) {
  const bool agree = print_surprises(read_expectations(options.file), journal.results);
  if (!journal.run.complete) {
    out("PARTIAL  {}\n", journal.run.ended_because);
    return Exit::incomplete;
  }
  if (agree) out("{}: as expected\n", options.file);
  return agree ? Exit::ok : Exit::failures;
}

}  // namespace

void add_expect_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ExpectOptions>();
  CLI::App* command =
      app.add_subcommand("expect", "Hold a run against a file of accepted failures, or write that file");
  command->footer(kExpectFooter);
  command->add_option("FILE", options->file, "The expectation file (JSON)")->required();
  command->add_option("--from", options->from, "The run: a journal, or the folder that has it")
      ->type_name("REPORT")
      ->capture_default_str();
  command->add_flag("--update", options->update, "Write FILE so that it expects this run; reasons are kept");
  command->callback([options, &exit] {
    const Journal journal = read_run(options->from);
    exit = options->update ? update_file(*options, journal) : check_run(*options, journal);
  });
}

}  // namespace touchstone::cli
