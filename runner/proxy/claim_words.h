// claim_words.h - what a case for an intermediary expects, for people.
#pragma once
#include "runner/catalogue/two_sided.h"

#include <string>
#include <string_view>
#include <vector>

namespace touchstone::proxy {

[[nodiscard]] std::string_view end_name(Side at);

// What a claim says, without its level.
[[nodiscard]] std::string sentence(const Claim& claim);

// A sentence each, with its level; and all of them in one line.
[[nodiscard]] std::vector<std::string> claims_in_words(const Case& c);
[[nodiscard]] std::string describe_claims(const Case& c);

}  // namespace touchstone::proxy
