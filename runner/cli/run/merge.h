// merge.h - several journals as one run: shards of a catalogue, or endpoints tested apart.
#pragma once
#include "reports/journal.h"

#include <string>
#include <vector>

namespace touchstone::cli {

struct Merged {
  Journal journal;
  std::vector<std::string> warnings;  // what does not fit together, one line each
};

// `journals` is not empty; `names` tells where each came from. Of two results for the same endpoint and case the one
// that started later counts.
[[nodiscard]] Merged merge(std::vector<Journal> journals, const std::vector<std::string>& names);

}  // namespace touchstone::cli
