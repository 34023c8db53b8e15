// pace.h - how a server is asked where the user leaves it open: on how many connections at a time, and for how long.
#pragma once
#include "runner/cli/options/test_options.h"
#include "runner/cli/run/endpoints.h"

#include <functional>
#include <string>

namespace touchstone::cli {

// The options of the run of this endpoint. `say` is given what the user should know of them, a sentence each.
[[nodiscard]] RunOptions paced(RunOptions run, const Endpoint& endpoint, const TestOptions& told,
                               const std::function<void(const std::string&)>& say);

}  // namespace touchstone::cli
