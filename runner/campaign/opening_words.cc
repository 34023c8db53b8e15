#include "runner/campaign/opening_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::fuzz {

std::string in_any_case(Dice& dice, std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && dice.one_in(2)) c = static_cast<char>(c ^ 0x20);
  }
  return out;
}

std::string token(Dice& dice) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_.!~";
  std::string out;
  for (std::uint64_t i = dice.between(1, 9); i > 0; --i) out += dice.pick(kLetters);
  return out;
}

std::string blanks(Dice& dice) {
  std::string out;
  for (std::uint64_t i = dice.below(4); i > 0; --i) out += dice.one_in(2) ? ' ' : '\t';
  return out;
}

std::string base64_of(Dice& dice, std::size_t octets) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets; i += 3) {
    const std::size_t left = std::min<std::size_t>(octets - i, 3);
    for (std::size_t digit = 0; digit < 4; ++digit) {
      // Pad bits are zero: Q and g among others have only upper bits.
      constexpr std::string_view kAfterOne = "AQgw", kAfterTwo = "AEIMQUYcgkosw048";
      out += digit > left   ? '='
             : digit < left ? dice.pick(kDigits)
             : left == 1    ? dice.pick(kAfterOne)
             : left == 2    ? dice.pick(kAfterTwo)
                            : dice.pick(kDigits);
    }
  }
  return out;
}

std::string nearly(Dice& dice, std::string_view word) {
  switch (dice.below(6)) {
    case 0:
      return std::string(word.substr(0, word.size() - dice.between(1, word.size() - 1)));
    case 1:
      return std::string(word.substr(dice.between(1, word.size() - 1)));
    case 2:
      return std::string(word) + token(dice);
    case 3:
      return "x" + std::string(word);
    case 4:
      return fmt::format("\"{}\"", word);
    default:
      return "x-" + token(dice);
  }
}

}  // namespace touchstone::fuzz
