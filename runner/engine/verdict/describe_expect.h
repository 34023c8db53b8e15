// describe_expect.h - what a case expects, in words for people.
#pragma once
#include "runner/catalogue/case.h"

namespace touchstone {

// One or two sentences.
[[nodiscard]] std::string describe(const Expect& expect);

// "1002 or 1007"
[[nodiscard]] std::string codes_text(const std::vector<std::uint16_t>& codes);

}  // namespace touchstone
