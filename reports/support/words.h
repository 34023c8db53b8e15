// words.h - small English: what every text for people needs, once.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace touchstone {

// "1 case", "2 cases"; with `plural` where an 's' is not enough: "3 entries".
[[nodiscard]] std::string count_of(std::size_t n, std::string_view singular, std::string_view plural = {});

}  // namespace touchstone
