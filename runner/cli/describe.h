// describe.h - a case in words, for `touchstone explain` and the progress display.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/engine/endpoint_profile.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

// "\"Hello\"", "hex 00ff", "65536 octets of \"*\"", "1024 octets of generated json".
[[nodiscard]] std::string describe(const Payload& payload);

// One line a step; the steps of a repeat are indented below it.
[[nodiscard]] std::vector<std::string> describe_steps(const Case& c);

// One line an expected reply, and one for how the connection ends.
[[nodiscard]] std::vector<std::string> describe_expectation(const Case& c);

// "does not echo text messages, refuses binary ones ..." and what follows for the cases.
[[nodiscard]] std::string in_words(const EndpointProfile& profile);

// Payload octets that the tester sends in all: how heavy a case is.
[[nodiscard]] std::uint64_t octets_sent(const Case& c);

[[nodiscard]] std::string_view name(Side side) noexcept;
[[nodiscard]] std::string_view name(Profile profile) noexcept;
[[nodiscard]] std::vector<std::string_view> profiles_of(const Case& c);

}  // namespace touchstone::cli
