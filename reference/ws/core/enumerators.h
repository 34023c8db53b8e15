// enumerators.h - so that a table with a row for each enumerator can say, when it is compiled, that a row is missing.
#pragma once
#include <string_view>

namespace ws {

// Whether an enumerator has this value: static_cast<Enum>(N) is written as a number where there is none.
template <auto value>
[[nodiscard]] consteval bool is_enumerator() {
  const std::string_view here = __PRETTY_FUNCTION__;
  const auto from = here.find("value = ") + std::string_view("value = ").size();
  const char first = here[from];
  return first != '(' && first != '-' && !(first >= '0' && first <= '9');
}

}  // namespace ws
