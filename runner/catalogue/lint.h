// lint.h - what makes a case file fit for the catalogue, beyond being loadable.
//
// - every cited requirement exists, and every known bug
//
// and what is a matter of style, which a user's own file may have otherwise (CaseFileError::style):
// - titles say what the steps do: a frame type, opcode, status code or length in a title is one that is sent
// - titles are there, end without a period and tell the cases apart; ids show what a sweep changes
// - the text is in canonical form (format.h)
#pragma once
#include "runner/catalogue/catalogue.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// One file by itself. Requirements, choices and bugs are looked up in `catalogue`.
[[nodiscard]] std::vector<CaseFileError> lint(std::string_view name, std::string_view text,
                                              const Catalogue& catalogue = Catalogue::built_in());

// Each file by itself, and then ids, aliases and titles that two files share. Files that bring their own tables are
// held against those.
[[nodiscard]] std::vector<CaseFileError> lint_together(std::span<const SourceFile> files);

// A fault in the group that the case comes from; `member`: "/expect".
[[nodiscard]] CaseFileError fault_in(const Case& c, std::string_view member, std::string found, std::string allowed);

// The canonical form of a file's text, for `touchstone lint --fix`; nothing when it is not strict JSON.
[[nodiscard]] std::optional<std::string> formatted(std::string_view name, std::string_view text);

// The files that are built in, as lint_together() takes them.
[[nodiscard]] std::vector<SourceFile> built_in_files();

// The last part of a path.
[[nodiscard]] std::string_view base_name(std::string_view path);

// False for what stands beside the suites in cases/: requirements.json, choices.json, bugs.json, *.schema.json.
[[nodiscard]] bool is_suite(std::string_view path);

}  // namespace touchstone
