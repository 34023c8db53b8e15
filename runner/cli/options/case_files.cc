#include "runner/cli/options/case_files.h"

#include "reports/support/files.h"
#include "reports/support/shell.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/text.h"
#include "runner/engine/check_cases.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <list>

namespace touchstone::cli {
namespace {

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

}  // namespace

std::vector<CaseFile> read_case_files(const std::vector<std::string>& arguments) {
  std::vector<CaseFile> files;
  for (std::string& name : expand(arguments)) {
    std::string text = must(read_file(name));
    files.push_back({std::move(name), std::move(text)});
  }
  return files;
}

std::vector<SourceFile> sources(std::span<const CaseFile> files) {
  std::vector<SourceFile> out;
  for (const CaseFile& file : files) out.push_back({file.name, file.text});
  return out;
}

const Catalogue& catalogue_of(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Catalogue::built_in();
  const std::vector<CaseFile> files = read_case_files(arguments);
  std::string told;
  for (const CaseFileError& fault : check_cases(sources(files))) {
    if (!fault.style) told += (told.empty() ? "" : "\n") + fault.text();
  }
  if (!told.empty()) throw UsageError(told);
  static std::list<Catalogue> kept;
  return kept.emplace_back(Catalogue::of(sources(files)).value());
}

std::string cases_arguments(const std::vector<std::string>& arguments) {
  std::string out;
  for (const std::string& argument : arguments) out += " --cases " + shell_quote(argument);
  return out;
}

}  // namespace touchstone::cli
