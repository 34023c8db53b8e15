#include <ws/core/glob.h>

#include <algorithm>

namespace ws {
namespace {

char folded(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_one(char c, char of_pattern, GlobRules rules) noexcept {
  if (of_pattern == '?' && rules.question_mark) return true;
  return rules.ignores_case ? folded(c) == folded(of_pattern) : c == of_pattern;
}

}  // namespace

bool matches_glob(std::string_view text, std::string_view pattern, GlobRules rules) noexcept {
  // A '*' that took too little takes one more; only the last one ever has to.
  std::size_t t = 0, p = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && is_one(text[t], pattern[p], rules)) {
      ++t, ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

}  // namespace ws
