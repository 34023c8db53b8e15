// opening_words.h - words that fields of an opening request are made of.
#pragma once
#include "runner/campaign/dice.h"

#include <string>
#include <string_view>

namespace touchstone::fuzz {

[[nodiscard]] std::string in_any_case(Dice& dice, std::string_view word);
[[nodiscard]] std::string token(Dice& dice);
[[nodiscard]] std::string blanks(Dice& dice);  // none, or spaces and tabs
// Base64 of so many octets, with pad bits that are zero.
[[nodiscard]] std::string base64_of(Dice& dice, std::size_t octets);
// What is not the word, but may be taken for it.
[[nodiscard]] std::string nearly(Dice& dice, std::string_view word);

}  // namespace touchstone::fuzz
