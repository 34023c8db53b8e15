#include "runner/campaign/signature.h"

#include <algorithm>
#include <vector>

namespace touchstone::fuzz {
namespace {

constexpr std::size_t kMostWords = 10;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The parts of one word: "heap-buffer-overflow" has three. Of a path only its last name counts.
void add_parts(std::string_view word, std::vector<std::string>& parts) {
  word.remove_prefix(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
  const auto is_part = [](char c) { return is_letter(c) || is_digit(c); };
  while (!word.empty()) {
    const auto begin = std::ranges::find_if(word, is_part);
    const auto end = std::find_if_not(begin, word.end(), is_part);
    std::string part(begin, end);
    word = std::string_view(end, word.end());
    std::ranges::transform(part, part.begin(), [](char c) { return is_letter(c) ? static_cast<char>(c | 0x20) : c; });
    const bool is_number = std::ranges::any_of(part, is_digit);
    // "signal 6" and "exit code 134" are how it ended, every time.
    const bool says_how = !parts.empty() && (parts.back() == "signal" || parts.back() == "code");
    if (!part.empty() && (!is_number || says_how)) parts.push_back(std::move(part));
  }
}

}  // namespace

std::string signature_of(std::string_view how_it_ended) {
  constexpr std::string_view kWith = "ended with ";
  if (const auto at = how_it_ended.find(kWith); at != std::string_view::npos)
    how_it_ended.remove_prefix(at + kWith.size());
  std::vector<std::string> parts;
  while (!how_it_ended.empty()) {
    const std::size_t blank = std::min(how_it_ended.find(' '), how_it_ended.size());
    add_parts(how_it_ended.substr(0, blank), parts);
    how_it_ended.remove_prefix(std::min(blank + 1, how_it_ended.size()));
  }
  if (parts.size() > kMostWords) parts.resize(kMostWords);
  std::string signature;
  for (const std::string& part : parts) signature += (signature.empty() ? "" : " ") + part;
  return signature;
}

}  // namespace touchstone::fuzz
