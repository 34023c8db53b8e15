#include "runner/cli/options/validators.h"

#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace touchstone::cli {

Validator one_of(std::vector<std::string> allowed) {
  return [allowed = std::move(allowed)](const std::string& value) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return std::string();
    return fmt::format("found '{}'; allowed are {}", value, join_and(allowed));
  };
}

Validator between(long long least, long long most) {
  return [least, most](const std::string& value) {
    long long number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc{} && rest == end && number >= least && number <= most) return std::string();
    return fmt::format("found '{}'; allowed is a number from {} to {}", value, least, most);
  };
}

}  // namespace touchstone::cli
