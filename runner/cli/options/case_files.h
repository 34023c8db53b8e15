// case_files.h - the case files that a user names: for `lint`, and for --cases of the other commands. All of them take
// the same files.
#pragma once
#include "runner/catalogue/catalogue.h"

#include <span>
#include <string>
#include <vector>

namespace touchstone::cli {

struct CaseFile {
  std::string name, text;
};

// The files of the arguments, read; a folder stands for the JSON files in it. Throws UsageError.
[[nodiscard]] std::vector<CaseFile> read_case_files(const std::vector<std::string>& arguments);

// As the catalogue takes them; views into `files`.
[[nodiscard]] std::vector<SourceFile> sources(std::span<const CaseFile> files);

// The catalogue with the cases of `arguments` in place of its own if there are any. Throws UsageError with all their
// faults; matters of style are none. It stays until the program ends.
[[nodiscard]] const Catalogue& catalogue_of(const std::vector<std::string>& arguments);

// " --cases FILE" for each of them, quoted for a shell: a part of a replay command.
[[nodiscard]] std::string cases_arguments(const std::vector<std::string>& arguments);

}  // namespace touchstone::cli
