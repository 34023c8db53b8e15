// autobahn.h - the ids of Autobahn|Testsuite 25.10.1's cases, in its order.
#pragma once
#include <string>
#include <vector>

namespace touchstone::testing {

[[nodiscard]] std::vector<std::string> autobahn_ids();

}  // namespace touchstone::testing
