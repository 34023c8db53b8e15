// describe_expect.h - what a case expects, in words for people.
#pragma once
#include "runner/catalogue/case.h"

#include <optional>
#include <string>
#include <vector>

namespace touchstone {

// One or two sentences. Where the opening handshake has to be refused, that is all.
[[nodiscard]] std::string describe(const Case& c);

// What comes of the opening handshake, where the case is about that: "the server refuses the request with 400".
[[nodiscard]] std::optional<std::string> describe_opening(const Case& c);
// The connection has to open, or may: the rest of the expectation holds then.
[[nodiscard]] bool may_open(const Case& c);

// Status codes of HTTP: "400 or 426", "any status that says an error".
[[nodiscard]] std::string statuses_text(const std::vector<std::uint16_t>& statuses);

}  // namespace touchstone
