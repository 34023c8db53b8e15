// write_case.h - the parts of a case as JSON, for to_document().
#pragma once
#include "runner/catalogue/format.h"
#include "runner/catalogue/head_script.h"
#include "runner/catalogue/http2_script.h"

namespace touchstone {

[[nodiscard]] Json opcode_to_json(ws::Opcode opcode);  // "text", or the number of one that has no name
[[nodiscard]] Json payload_to_json(const Payload& payload);
[[nodiscard]] Json head_script_to_json(const HeadScript& script);
[[nodiscard]] Json http2_script_to_json(const Http2Script& script);
[[nodiscard]] Json expect_opening_to_json(const ExpectOpening& expect);

}  // namespace touchstone
