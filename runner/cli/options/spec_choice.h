// spec_choice.h - which cases a file of Autobahn's and the command line mean together.
#pragma once
#include "runner/cli/options/selection.h"
#include "runner/cli/options/spec_file.h"

namespace touchstone::cli {

// "cases" is in Autobahn's names: '*' is its 517, and drivers that were written for them meet no others. A pattern
// there that is no name of Autobahn's, and "touchstone", ask for cases of ours by name.
//
// Autobahn passes over a pattern of its file that matches nothing; here it is named on standard error. One on the
// command line stays an error, and counts instead of the file's. Throws UsageError when nothing is left.
[[nodiscard]] std::vector<const Case*> choose_by_spec(const Catalogue& catalogue, SelectionOptions selection,
                                                      const SpecFile& spec, const std::string& file, Side side);

}  // namespace touchstone::cli
