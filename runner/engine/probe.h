// probe.h - learns what a server does with messages, before its cases are chosen.
#pragma once
#include "runner/engine/endpoint_profile.h"
#include "runner/engine/run.h"

namespace touchstone {

// A handful of connections: small messages of each type, several connections at once, then messages that grow in size
// and in fragments up to `most`. A Close of any kind, a reset or an end of TCP on the way is a limit (RFC 6455 10.4),
// if the endpoint is there afterwards. `target` has answered a greeting. A server that answers with the same content in
// another way (another type, say) counts as one that echoes: that is a fault for the cases to find. `over` is asked now
// and then: true ends it with what it has.
[[nodiscard]] EndpointProfile probe(const Target& target, const Greeting& greeting, const RunOptions& options,
                                    const Sizes& most, const std::function<bool()>& over = {});

// How many connections the server keeps open at a time, up to kAtATimeAsked, which is what a run needs at most: one
// case that opens so many, one after the other. A limit on them is its own (RFC 6455 10.4). kAtATimeAsked too where
// nothing can be said.
inline constexpr unsigned kAtATimeAsked = kDefaultJobs + 8;
[[nodiscard]] unsigned connections_at_a_time(const Target& target, const Greeting& greeting,
                                             const std::function<bool()>& over = {});

}  // namespace touchstone
