#include "reports/support/files.h"
#include "runner/catalogue/lint.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"
#include "runner/engine/check_cases.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <span>

namespace touchstone::cli {
namespace {

constexpr const char* kLintFooter = R"(
Each fault is one line on standard error: file, JSON pointer, what was found, what is allowed. Expectations are held
against the strict stack. What has no fault, `touchstone test --cases` and `list --cases` take as well. Matters of style
(titles, the canonical form) are faults only in a catalogue: a folder with its own requirements.json.

Exit codes: 0 no faults; 2 faults, or a file that cannot be read.

Examples:
  touchstone lint                               the catalogue inside the program
  touchstone lint my-cases.json
  touchstone lint cases/                        a catalogue on disk, against its own requirements
  touchstone lint --fix cases/*.json            write them in the canonical form first)";

struct LintOptions {
  std::vector<std::string> files;
  bool fix = false;
};

// The text in canonical form, written back when that changes it. A text that is no JSON stays for lint to judge.
std::string fix(const std::string& file, std::string text) {
  auto wanted = formatted(file, text);
  if (!wanted || *wanted == text) return text;
  must(write_file(file, *wanted));
  out("{}: written in canonical form\n", file);
  return std::move(*wanted);
}

// Files that bring their requirements along are a catalogue, whose style is a rule as well.
bool is_catalogue(std::span<const SourceFile> files) {
  return std::ranges::any_of(files, [](const SourceFile& file) { return base_name(file.name) == "requirements.json"; });
}

Exit conclude(std::span<const SourceFile> files) {
  const std::vector<CaseFileError> faults = check_cases(files);
  const bool strict = is_catalogue(files);
  std::size_t counted = 0;
  for (const CaseFileError& fault : faults) {
    const bool counts = strict || !fault.style;
    counted += counts ? 1 : 0;
    err("{}{}\n", counts ? "" : "style: ", fault.text());
  }
  if (counted != 0) {
    err("{} in {}\n", count_of(counted, "fault"), count_of(files.size(), "file"));
    return Exit::usage;
  }
  out("{}: no faults\n", count_of(files.size(), "file"));
  return Exit::ok;
}

Exit lint_files(const LintOptions& options) {
  if (options.files.empty()) {
    if (options.fix) throw UsageError("lint --fix needs the files to write: touchstone lint --fix cases/*.json");
    return conclude(built_in_files());
  }
  std::vector<CaseFile> files = read_case_files(options.files);
  if (options.fix) {
    for (CaseFile& file : files) file.text = fix(file.name, std::move(file.text));
  }
  return conclude(sources(files));
}

}  // namespace

void add_lint_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<LintOptions>();
  CLI::App* command = app.add_subcommand("lint", "Check case files");
  command->footer(kLintFooter);
  command->add_option("FILE", options->files, "Case files, or folders of them (default: the catalogue in the program)");
  command->add_flag("--fix", options->fix, "Write the files in the canonical form, then check them");
  command->callback([options, &exit] { exit = lint_files(*options); });
}

}  // namespace touchstone::cli
