// judge_pongs.h - Pings and their Pongs, those of the tester's sentinels among them. RFC 6455 5.5.2, 5.5.3.
//
// Pongs come in order, and one may answer all Pings before it (C-26). Pongs and messages interleave freely; Pongs that
// nobody asked for are fine (C-18, C-25).
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

void judge_pongs(const Scene& scene, Findings& findings);

// What lies before a sentinel is legal, so the endpoint must get past it.
void judge_marks(const Scene& scene, Findings& findings);

}  // namespace touchstone
