// judge_ending.h - how the connection ended: closing handshake, failure, end of TCP. RFC 6455 5.5.1, 7.1.
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

void judge_ending(const Scene& scene, Findings& findings);
void judge_tcp(const Scene& scene, Findings& findings);

// The endpoint ended a connection on which nothing was wrong, and said that something was, or nothing at all.
[[nodiscard]] std::optional<Finding> refusal_of_legal_octets(const Scene& scene);

}  // namespace touchstone
