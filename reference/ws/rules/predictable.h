// predictable.h - do some numbers of a source say what the next ones are? RFC 6455 5.3, 10.3: masking keys do not.
//
// The sources that are known to make weak keys: linear congruential generators, whose whole state is the number
// (any multiplier, increment and modulus) or whose upper bits are (the multipliers in use); the additive generator of
// the C library; shift registers and all else that is linear over bits; each for numbers of 32 bits and for such that
// are put together from bytes. A true random source is taken for one of them with a chance below kChanceOfPattern.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ws::rules {

inline constexpr double kChanceOfPattern = 1e-7;  // for all patterns together, each time that one looks

// `numbers`: in the order in which they came. What makes each of them, for people: "a linear congruential generator".
// More than the first 1024 are not looked at.
[[nodiscard]] std::optional<std::string> pattern_of(std::span<const std::uint32_t> numbers);

}  // namespace ws::rules
