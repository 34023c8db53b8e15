// tunnels.h - the same load over HTTP/2: many WebSockets on each of a few connections (RFC 8441). Closed loop.
#pragma once
#include "runner/bench/options.h"

namespace touchstone::bench {

// As run_load(), with options.streams WebSockets on a connection. `rate`, `idle` and `ramp` are not used.
[[nodiscard]] LoadResult run_tunnels(const LoadOptions& options, const std::atomic<bool>& stop,
                                     const std::function<void(const Progress&)>& tell);

}  // namespace touchstone::bench
