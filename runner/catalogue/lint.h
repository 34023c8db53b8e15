// lint.h - what makes a case file fit for the catalogue, beyond being loadable.
//
// - every cited requirement exists
// - titles say what the steps do: a frame type, opcode, status code or length in a title is one that is sent
// - titles are there, end without a period and tell the cases apart; ids show what a sweep changes
// - the text is in canonical form (format.h)
#pragma once
#include "runner/catalogue/catalogue.h"

#include <optional>

namespace touchstone {

struct SourceFile {
  std::string_view name;  // the last part tells suites from requirements.json, choices.json and bugs.json
  std::string_view text;
};

[[nodiscard]] std::vector<CaseFileError> lint(std::string_view name, std::string_view text);

// Each file by itself, and then ids, aliases and titles that two files share.
[[nodiscard]] std::vector<CaseFileError> lint_together(std::span<const SourceFile> files);

// The canonical form of a file's text, for `touchstone lint --fix`; nothing when it is not strict JSON.
[[nodiscard]] std::optional<std::string> formatted(std::string_view name, std::string_view text);

// The files that are built in, as lint_together() takes them.
[[nodiscard]] std::vector<SourceFile> built_in_files();

// False for what stands beside the suites in cases/: requirements.json, choices.json, bugs.json, *.schema.json.
[[nodiscard]] bool is_suite(std::string_view path);

}  // namespace touchstone
