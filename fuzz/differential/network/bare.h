// bare.h - how many connections an endpoint takes in a second: connect, opening handshake, close, and nothing else.
#pragma once
#include "runner/engine/run.h"

#include <chrono>
#include <cstdint>

namespace touchstone::fuzz {

// So many opening handshakes were answered with 101 in that time, `jobs` at a time. Without TLS.
[[nodiscard]] std::uint64_t bare_connections(const Target& target, unsigned jobs, std::chrono::seconds time);

}  // namespace touchstone::fuzz
