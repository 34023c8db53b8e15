// fuzz_merge.h - `touchstone fuzz --merge OUT IN...`: campaigns of several machines as one.
#pragma once
#include "runner/cli/cli.h"

#include <string>
#include <vector>

namespace touchstone::cli {

// Corpora, findings, records and journals. `from`: folders of campaigns, or folders with nothing but stimuli. What
// `out` held before is one of them, so that folders can be merged one after the other, and again.
[[nodiscard]] Exit merge_campaigns(const std::string& out, const std::vector<std::string>& from);

}  // namespace touchstone::cli
