// offer_grammar.cc - offers of extensions: RFC 6455 9.1, RFC 7692 7.
#include "runner/campaign/opening_grammar.h"
#include "runner/campaign/opening_words.h"

#include <fmt/format.h>

namespace touchstone::fuzz {
namespace {

std::string any_parameter(Dice& dice) {
  constexpr std::string_view kFlags[] = {"server_no_context_takeover", "client_no_context_takeover"};
  constexpr std::string_view kWindows[] = {"server_max_window_bits", "client_max_window_bits"};
  constexpr std::string_view kBadBits[] = {"7",   "16",  "0",          "08", "010", "1e1",
                                           "+10", "abc", "4294967306", "-9", "15.0"};
  switch (dice.below(8)) {
    case 0:
    case 1:
      return std::string(dice.pick(kFlags));
    case 2:
      return "client_max_window_bits";
    case 3: {
      const auto name = dice.pick(kWindows);
      return fmt::format("{}={}", name, dice.between(9, 15));
    }
    case 4:
    case 5: {
      const auto name = dice.pick(kWindows);
      return fmt::format("{}={}", name, dice.pick(kBadBits));
    }
    case 6: {
      const auto name = dice.pick(kFlags);
      return fmt::format("{}={}", name, dice.one_in(2) ? "1" : "true");
    }
    default:
      std::string name = token(dice);
      return dice.one_in(2) ? name : fmt::format("{}={}", name, dice.below(20));
  }
}

}  // namespace

std::vector<std::string> any_offer(Dice& dice) {
  std::vector<std::string> out;
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) {
    if (dice.one_in(8)) {
      out.push_back("x-" + token(dice));
      continue;
    }
    std::vector<std::string> parameters;
    for (std::uint64_t p = dice.below(4); p > 0; --p) parameters.push_back(any_parameter(dice));
    if (!parameters.empty() && dice.one_in(6)) parameters.push_back(parameters.front());
    out.push_back("permessage-deflate");
    for (const std::string& parameter : parameters) out.back() += "; " + parameter;
  }
  return out;
}

}  // namespace touchstone::fuzz
