// glob.h - patterns in which '*' stands for any run of characters.
#pragma once
#include <string_view>

namespace ws {

struct GlobRules {
  bool question_mark = false;  // '?' stands for one character; else for itself
  bool ignores_case = false;   // of ASCII letters
};

// Whether the whole text has the form of the pattern. At most as many steps as the two lengths multiplied.
[[nodiscard]] bool matches_glob(std::string_view text, std::string_view pattern, GlobRules rules = {}) noexcept;

}  // namespace ws
