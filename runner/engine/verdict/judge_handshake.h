// judge_handshake.h - the opening handshake as the way to what a case is about: did the connection come about, with
// what the case needs? And the sum of all findings.
#pragma once
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/scene.h"

namespace touchstone {

// False: the opening handshake is all that there is to judge, and the verdict is complete.
[[nodiscard]] bool judge_handshake(const Scene& scene, Verdict& verdict);

// What the findings come to: the gravest decides the behaviour; the first that is about the end decides the end, and
// any that failed it.
void settle(const Scene& scene, Verdict& verdict);

}  // namespace touchstone
