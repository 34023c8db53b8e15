// largest_message.h - how much an endpoint has to take at once.
#pragma once
#include "runner/catalogue/case.h"

namespace touchstone::fuzz {

// Octets of the largest message of the steps, inflated, also of one that has no end. Of data that is corrupt what comes
// before the fault counts. At most 64 MiB.
[[nodiscard]] std::uint64_t largest_message(const Case& c);

}  // namespace touchstone::fuzz
