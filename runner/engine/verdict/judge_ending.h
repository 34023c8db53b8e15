// judge_ending.h - how the connection ended: closing handshake, failure, end of TCP. RFC 6455 5.5.1, 7.1.
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

void judge_ending(const Scene& scene, Findings& findings);
void judge_tcp(const Scene& scene, Findings& findings);

// The case asks how TCP ends once both have sent a Close (RFC 6455 7.1.1), which in others is a race.
[[nodiscard]] bool is_about_a_clean_end(const Case& c);

// The endpoint ended a connection on which nothing was wrong, and said that something was, or nothing at all.
[[nodiscard]] std::optional<Finding> refusal_of_legal_octets(const Scene& scene);

}  // namespace touchstone
