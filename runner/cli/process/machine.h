// machine.h - the class of this machine, written beside every time that was measured on it.
#pragma once
#include <string>

namespace touchstone::cli {

[[nodiscard]] std::string machine_class();  // "Linux x86_64, 2 cores, 23 GiB"

}  // namespace touchstone::cli
