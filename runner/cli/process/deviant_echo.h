// deviant_echo.h - `touchstone echo --fault`: endpoints with planted faults (ws/testing/faults/faults.h), each fault by
// its name, several joined by "+".
#pragma once
#include "runner/cli/cli.h"
#include "runner/engine/run.h"

#include <ws/io/net/listener.h>

#include <functional>
#include <string>
#include <vector>

namespace touchstone::cli {

Exit list_faults();
// Serves until a signal comes; `listening` is told the port. UsageError: no such fault, or the port cannot be had.
Exit serve_deviant(const std::vector<std::string>& faults, ws::io::ListenOptions listen, ws::io::Http http,
                   const std::function<void(std::uint16_t)>& listening);
// One connection.
Exit connect_deviant(const std::vector<std::string>& faults, const Target& target);
// All cases of a fuzzing server (driver.h).
Exit drive_deviant(const std::vector<std::string>& faults, const Target& target);

}  // namespace touchstone::cli
