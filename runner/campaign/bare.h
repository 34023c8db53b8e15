// bare.h - how many connections an endpoint takes in a second: connect, opening handshake, closing handshake, and
// nothing else.
#pragma once
#include "runner/engine/run.h"

#include <chrono>
#include <cstdint>

namespace touchstone::fuzz {

// So many connections were opened by a 101 and ended by the endpoint behind a Close in that time, `jobs` at a time.
// Without TLS.
[[nodiscard]] std::uint64_t bare_connections(const Target& target, unsigned jobs, std::chrono::milliseconds time);

}  // namespace touchstone::fuzz
