#include "reports/support/shell.h"

#include <ws/core/bytes.h>

#include <algorithm>

namespace touchstone {

std::string shell_quote(std::string_view text) {
  const auto plain = [](char c) {
    return ws::is_alpha(c) || ws::is_digit(c) || std::string_view("_-./:=@%+,").contains(c);
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace touchstone
