// validators.h - checks of option values that say what is allowed, and leave the help as it is written.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace touchstone::cli {

// Empty when the value is fine, otherwise the sentence for the user: what CLI::Option::check() takes.
using Validator = std::function<std::string(const std::string&)>;

[[nodiscard]] Validator one_of(std::vector<std::string> allowed);
[[nodiscard]] Validator between(long long least, long long most);

}  // namespace touchstone::cli
