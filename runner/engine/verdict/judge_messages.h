// judge_messages.h - the messages that came back: all of them, in order, with equal type and content, however they are
// cut (C-20, C-21). RFC 6455 6.2.
#pragma once
#include "runner/engine/verdict/scene.h"

namespace touchstone {

// `seed`: of the payloads that the case names.
void judge_messages(const Scene& scene, std::uint64_t seed, Findings& findings);

}  // namespace touchstone
