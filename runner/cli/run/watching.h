// watching.h - `touchstone watch`: the cases run anew on every change of a file, those that failed first.
#pragma once
#include "runner/cli/cli.h"
#include "runner/cli/options/selection.h"

#include <string>
#include <vector>

namespace touchstone::cli {

struct WatchOptions {
  SelectionOptions selection;
  std::vector<std::string> dirs{"."}, command;  // folders to look at; the server's command and its arguments
  std::string out = "touchstone-watch", timeout;
};

// Until it is interrupted. Exit::failures when a case fails as things stand then. Throws UsageError.
[[nodiscard]] Exit watch(const WatchOptions& options);

}  // namespace touchstone::cli
