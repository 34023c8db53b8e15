// said.h - what the other side said in its head, as a finding quotes it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ws::rules {

inline constexpr int kMinWindow = 8, kMaxWindow = 15;  // of what max_window_bits may say (RFC 7692 7.1.2)

// What is said may be as long as a head: its first 80 octets, and "..." when there are more.
[[nodiscard]] std::string shortened(std::string_view text);

// "a, b": several field lines are one list (RFC 9110 5.3).
[[nodiscard]] std::string joined(const std::vector<std::string_view>& values);

}  // namespace ws::rules
