// contents.h - what stimuli say: lengths, octets, and text of all planes, right and wrong.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/catalogue/case.h"

#include <ws/core/bytes.h>

#include <vector>

namespace touchstone::fuzz {

// Exactly these.
[[nodiscard]] Payload payload_of(ws::Bytes octets);

// Next to a power of two from 2^4 to 2^17, or to where the form of a length changes (RFC 6455 5.2).
[[nodiscard]] std::uint64_t boundary(Dice& dice, std::uint64_t most);
// Mostly small; now and then a boundary().
[[nodiscard]] std::uint64_t any_length(Dice& dice, std::uint64_t most);

// All equal, random, or a pattern.
[[nodiscard]] ws::Bytes octets_of_length(Dice& dice, std::uint64_t length);
// Legal UTF-8 of exactly so many octets, in one of several alphabets; it may begin and end with what people trim.
[[nodiscard]] ws::Bytes text_of_length(Dice& dice, std::uint64_t length);
// A short text of which an endpoint that trims, normalises, escapes or converts would change something.
[[nodiscard]] ws::Bytes delicate_text(Dice& dice);
// A code point of several octets, and octets that are no code point (RFC 3629 3, 4).
[[nodiscard]] ws::Bytes long_code_point(Dice& dice);
[[nodiscard]] ws::Bytes bad_code_point(Dice& dice);

// The offsets inside of code points.
[[nodiscard]] std::vector<std::size_t> inside_code_points(ws::ByteView text);
// `octets` with `part` in the place of as many octets at `at`.
void overwrite(ws::Bytes& octets, std::size_t at, ws::ByteView part);

}  // namespace touchstone::fuzz
