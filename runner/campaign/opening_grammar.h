// opening_grammar.h - opening requests by their grammar: every part of one drawn in a legal form that must open, or in
// one that lacks what RFC 6455 4.2.1 or RFC 9112 asks for, each with its clause.
//
// A part that was drawn is named "fuzz-opening/KIND/NUMBER": the number is what it was drawn with, so the name is all
// of it.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/catalogue/case.h"

#include <optional>
#include <string>
#include <string_view>

namespace touchstone::fuzz {

[[nodiscard]] std::string any_opening_name(Dice& dice);
// A case with the request, what has to come of it and the requirement. Nothing for a name of another sort.
[[nodiscard]] std::optional<Case> drawn_opening(std::string_view name);

// Elements of Sec-WebSocket-Extensions: permessage-deflate with parameters that are legal, or unknown, repeated or of a
// value that they cannot have, in any order, and extensions that nobody knows.
[[nodiscard]] std::vector<std::string> any_offer(Dice& dice);

}  // namespace touchstone::fuzz
