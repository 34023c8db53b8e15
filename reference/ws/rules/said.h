// said.h - what the other side said in its head, as a finding quotes it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ws::rules {

// What is said may be as long as a head: its first 80 octets, and "..." when there are more.
[[nodiscard]] std::string shortened(std::string_view text);

// "a, b": several field lines are one list (RFC 9110 5.3).
[[nodiscard]] std::string joined(const std::vector<std::string_view>& values);

}  // namespace ws::rules
