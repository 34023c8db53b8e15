#include "reports/support/files.h"
#include "runner/catalogue/lint.h"
#include "runner/cli/cli.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kFooter = R"(
Each fault is one line on standard error: file, JSON pointer, what was found, what is allowed.
Exit codes: 0 no faults; 2 faults, or a file that cannot be read.

Examples:
  touchstone lint                               the catalogue inside the program
  touchstone lint cases/close.json
  touchstone lint --fix cases/*.json            write them in the canonical form first)";

struct Options {
  std::vector<std::string> files;
  bool fix = false;
};

// A folder stands for the JSON files in it.
std::vector<std::string> expand(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (!std::filesystem::is_directory(argument, error)) {
      files.push_back(argument);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : std::filesystem::directory_iterator(argument, error)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path().string());
    }
    if (files.size() == before) throw UsageError(fmt::format("{}: found no *.json file in this folder", argument));
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

std::string read(const std::string& file) {
  auto text = read_file(file);
  if (!text) throw UsageError(text.error());
  return std::move(*text);
}

// The text in canonical form, written back when that changes it. A text that is no JSON stays for lint to judge.
std::string fix(const std::string& file, std::string text) {
  auto wanted = formatted(file, text);
  if (!wanted || *wanted == text) return text;
  if (const auto written = write_file(file, *wanted); !written) throw UsageError(written.error());
  out("{}: written in canonical form\n", file);
  return std::move(*wanted);
}

Exit conclude(const std::vector<CaseFileError>& faults, std::size_t files) {
  for (const CaseFileError& fault : faults) err("{}\n", fault.text());
  if (!faults.empty()) {
    err("{} in {}\n", count_of(faults.size(), "fault"), count_of(files, "file"));
    return Exit::usage;
  }
  out("{}: no faults\n", count_of(files, "file"));
  return Exit::ok;
}

Exit lint_files(const Options& options) {
  if (options.files.empty()) {
    if (options.fix) throw UsageError("lint --fix needs the files to write: touchstone lint --fix cases/*.json");
    const std::vector<SourceFile> files = built_in_files();
    return conclude(lint_together(files), files.size());
  }
  const std::vector<std::string> names = expand(options.files);
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    texts.push_back(read(name));
    if (options.fix) texts.back() = fix(name, std::move(texts.back()));
  }
  std::vector<SourceFile> files;
  for (std::size_t i = 0; i < names.size(); ++i) files.push_back({names[i], texts[i]});
  return conclude(lint_together(files), files.size());
}

}  // namespace

void add_lint_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("lint", "Check case files");
  command->footer(kFooter);
  command->add_option("FILE", options->files, "Case files, or folders of them (default: the catalogue in the program)");
  command->add_flag("--fix", options->fix, "Write the files in the canonical form, then check them");
  command->callback([options, &exit] { exit = lint_files(*options); });
}

}  // namespace touchstone::cli
