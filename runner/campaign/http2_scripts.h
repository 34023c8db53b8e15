// http2_scripts.h - stimuli for the frames of HTTP/2 around a tunnel: forms that are legal, in any mixture, and now and
// then a frame, a setting or a field that is not.
#pragma once
#include "runner/campaign/conversation.h"

namespace touchstone::fuzz {

// A field section that decodes without the dynamic table, and leaves nothing in it.
[[nodiscard]] bool is_known_section(ws::ByteView octets);

// Gives the stimulus, which may have steps, a script.
void script_http2(Case& c, Dice& dice);
// Another form, frame, setting, field or stream beside; or one of them fewer.
void vary_http2(Case& c, Dice& dice);
// Small steps where the script makes many frames of few octets.
void fit_steps(Case& c);

}  // namespace touchstone::fuzz
