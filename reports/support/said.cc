#include "reports/support/said.h"

#include <ws/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// The length of the UTF-8 code point at the front, 0 when there is none.
std::size_t code_point_length(std::string_view octets) {
  ws::Utf8Validator validator;
  for (std::size_t n = 1; n <= 4 && n <= octets.size(); ++n) {
    if (validator.consume(ws::as_octets(octets.substr(n - 1, 1))) != 1) return 0;
    if (validator.complete()) return n;
  }
  return 0;
}

bool is_control(std::string_view point) {
  if (point.size() == 1) {
    const auto octet = static_cast<unsigned char>(point[0]);
    return (octet < 0x20 && octet != '\t' && octet != '\n') || octet == 0x7f;
  }
  // C1 controls; U+FFFE and U+FFFF, which XML forbids; the marks of direction, which make text lie; the line ends of
  // Unicode.
  if (point.size() == 2)
    return (point[0] == '\xc2' && static_cast<unsigned char>(point[1]) < 0xa0) || point == "\xd8\x9c";
  return point == "\xef\xbf\xbe" || point == "\xef\xbf\xbf" || (point >= "\xe2\x80\xaa" && point <= "\xe2\x80\xae") ||
         (point >= "\xe2\x81\xa6" && point <= "\xe2\x81\xa9") || point == "\xe2\x80\x8e" || point == "\xe2\x80\x8f" ||
         point == "\xe2\x80\xa8" || point == "\xe2\x80\xa9";
}

}  // namespace

std::string clean_text(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  while (!octets.empty()) {
    const std::size_t length = code_point_length(octets);
    const std::string_view point = octets.substr(0, length == 0 ? 1 : length);
    out += length == 0 || is_control(point) ? kReplacement : point;
    octets.remove_prefix(point.size());
  }
  return out;
}

std::string said(std::string_view octets, std::size_t most) {
  std::string_view taken = octets.substr(0, most);
  // Not within a code point: at most three octets of it can stand before the cut.
  for (int i = 0; i < 3 && taken.size() < octets.size() && (octets[taken.size()] & 0xC0) == 0x80; ++i) {
    taken.remove_suffix(1);
  }
  std::string out = clean_text(taken);
  std::ranges::replace(out, '\n', ' ');
  std::ranges::replace(out, '\t', ' ');
  if (taken.size() < octets.size()) out += fmt::format("... ({} more bytes)", octets.size() - taken.size());
  return out;
}

std::string without_commands(std::string_view lines) {
  std::string out;
  bool at_start = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view rest = lines.substr(i);
    if ((at_start && rest.starts_with("::")) || rest.starts_with("##[") || rest.starts_with("##vso[")) out += '\\';
    const char c = lines[i];
    out += c;
    // GitHub's runner takes off blanks of any kind before it looks.
    at_start = c == '\n' || c == '\r' || (at_start && (c == ' ' || c == '\t'));
    if (rest.starts_with("##[") || rest.starts_with("##vso[")) {
      out += "\\#";  // else the marker would still be there behind the backslash
      ++i;
    }
  }
  return out;
}

}  // namespace touchstone
