// relay_fuzz.h - random cases for an intermediary. Every sentence that such a case claims holds for every intermediary
// and every input: what Connection names ends there, contents and octets arrive as they are, a refusal opens nothing.
#pragma once
#include "runner/catalogue/case.h"

#include <cstdint>

namespace touchstone::proxy {

// Equal numbers give equal cases. The id is "proxy-fuzz/SEED-NUMBER".
[[nodiscard]] Case random_relay_case(std::uint64_t seed, std::uint64_t number);

// The server switches protocols, and the request has no content: no connection is left over that an intermediary would
// use for anybody's next request.
[[nodiscard]] bool ends_with_its_tunnel(const Case& c);

}  // namespace touchstone::proxy
