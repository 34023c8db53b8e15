// judge_legality.h - what the endpoint's own octets break, whatever the case is about, and what the case did to it
// beside this connection.
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

void judge_legality(const Scene& scene, Findings& findings);

}  // namespace touchstone
