// http2_rules.h - what RFC 9113 and RFC 8441 make of the frames of HTTP/2 that a stimulus sends beside its steps.
#pragma once
#include "runner/catalogue/case.h"

#include <string_view>

namespace touchstone::fuzz {

struct Http2Rule {
  Http2Script::Outcome outcome = Http2Script::Outcome::works;
  std::string_view requirement = "rfc8441-5-13";  // that it obeys, or breaks
};

// Of one frame on a connection with an open tunnel. `either`: the RFCs leave it open, or it depends on what else was
// sent.
[[nodiscard]] Http2Rule rule_of(const Http2Frame& frame);

// The stimulus, which has an expectation of its steps, with what has to come of its script, and the rule of that as its
// first requirement. Frames after one that ends the stream or the connection are left out, and so are the steps then.
void settle_http2(Case& c);

}  // namespace touchstone::fuzz
