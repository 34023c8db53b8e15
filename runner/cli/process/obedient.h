// obedient.h - `touchstone echo --obey URL`: a driver of `touchstone serve --next` (docs/next.md) whose client is the
// strict one, or one with a planted fault.
#pragma once
#include "runner/cli/cli.h"

#include <string>

namespace touchstone::cli {

// Exit::ok once there is no more to do; Exit::unreachable when a question was not answered. `fault`: of
// list_told_faults(), or "none" for their twin; empty: the strict client.
Exit obey(const std::string& next_url, const std::string& fault);
// One fault a line: name, level, requirement, in words.
Exit list_told_faults();

}  // namespace touchstone::cli
