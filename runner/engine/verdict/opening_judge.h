// opening_judge.h - the verdict on an opening handshake that a case is about, and on the heads of every one.
//
// How a server refuses is its own affair (C-08): any status that says an error conforms. No answer at all breaks a
// SHOULD (RFC 6455 10.7), silence breaks a MUST (4.2.1). A client refuses by ending TCP (RFC 6455 7.1.7); a Close that
// names the fault says the same (C-34).
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

// The endpoint has to refuse what the tester's head says: a client under test, and an answer that it must not take.
[[nodiscard]] bool refusal_expected(const Case& c, const Observation& o);

// The case asks about the opening handshake: it expects something of it, has a head or an offer of its own to that end,
// or its first requirement is one of RFC 6455 4, 9, 11.3, RFC 7692 5, 7, 7.1 or of HTTP.
[[nodiscard]] bool is_about_the_opening(const Case& c);

// For a case with `expect.opening`. False: nothing is left to judge, the connection did not open or should not have.
[[nodiscard]] bool judge_opening(const Scene& scene, Findings& findings);

// What holds for the endpoint's own head in every case, beyond what makes the handshake fail.
void judge_head(const Scene& scene, Findings& findings);

}  // namespace touchstone
