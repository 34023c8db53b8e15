// scenes.h - stimuli in which other connections and time have a part: connections that take turns and end, silences,
// requests that go before, echoes that nobody reads, and what a crowd of connections leaves behind (RFC 6455 5.4, 6.2,
// 7.3, 10.4; RFC 9112 9.3).
//
// A scene lasts long beside other stimuli, so a campaign plays scenes by themselves, many at a time and seldom, and
// does not vary them: the next ones are made up anew.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/catalogue/case.h"

#include <string_view>

namespace touchstone::fuzz {

// `deflate`: permessage-deflate may be offered, and messages be compressed. A client has one connection, which it
// opens: its scenes are silences.
[[nodiscard]] Case any_scene(Dice& dice, bool deflate, Side side = Side::server);

[[nodiscard]] bool is_scene(const Case& c);

// The scene with what the strict stack makes of each connection by itself, and as its requirement the first rule that
// its frames break, or kProcessing.
[[nodiscard]] Case scene_expected(Case c, std::uint64_t seed);

// Whether `smaller`, some of the steps of `scene`, still opens, holds, lets go and ends what `scene` does.
[[nodiscard]] bool keeps_the_stage(const Case& smaller, const Case& scene);
// Without the connection of this name, which is not the first one.
[[nodiscard]] Case without_connection(Case scene, std::string_view name);

}  // namespace touchstone::fuzz
