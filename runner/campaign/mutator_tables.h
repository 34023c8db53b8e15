// mutator_tables.h - for mutator*.cc: what new steps and variations of old ones share.
#pragma once
#include <cstdint>

namespace touchstone::fuzz {

inline constexpr std::uint64_t kMostVaried = 70'000;  // octets of a step that is varied
inline constexpr std::uint16_t kCodes[] = {0,    999,  1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010,
                                           1011, 1012, 1014, 1015, 1016, 2999, 3000, 3999, 4000, 4999, 5000, 65535};

}  // namespace touchstone::fuzz
