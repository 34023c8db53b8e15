// probe.h - learns what a server does with messages, before its cases are chosen.
#pragma once
#include "runner/engine/endpoint_profile.h"
#include "runner/engine/run.h"

namespace touchstone {

// A handful of connections: small messages of each type, several connections at once, then messages that grow in size
// and in fragments up to `most`. A Close of any kind, a reset or an end of TCP on the way is a limit (RFC 6455 10.4),
// if the endpoint is there afterwards. `target` has answered a greeting. A server that answers with the same content in
// another way (another type, say) counts as one that echoes: that is a fault for the cases to find.
[[nodiscard]] EndpointProfile probe(const Target& target, const Greeting& greeting, const RunOptions& options,
                                    const Sizes& most);

}  // namespace touchstone
