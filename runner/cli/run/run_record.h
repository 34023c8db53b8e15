// run_record.h - what every journal says of the run that wrote it, at its beginning.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/catalogue.h"

#include <cstdint>
#include <string>

namespace touchstone::cli {

// Version, catalogue, machine, and now as the start; command line, endpoints and plan are the caller's.
[[nodiscard]] RunInfo begin_record(const Catalogue& catalogue, std::string profile, std::uint64_t seed, unsigned jobs);

}  // namespace touchstone::cli
