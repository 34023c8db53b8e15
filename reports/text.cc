// text.cc - what endpoints say, made safe for the formats of reports.
#include "reports/text.h"

#include <ws/core/utf8.h>

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
  // C1 controls; U+FFFE and U+FFFF, which XML forbids; the bidirectional overrides, which make text lie.
  if (point.size() == 2) return point[0] == '\xc2' && static_cast<unsigned char>(point[1]) < 0xa0;
  return point == "\xef\xbf\xbe" || point == "\xef\xbf\xbf" || (point >= "\xe2\x80\xaa" && point <= "\xe2\x80\xae") ||
         (point >= "\xe2\x81\xa6" && point <= "\xe2\x81\xa9");
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

std::string xml_escape(std::string_view octets) {
  std::string out;
  for (const char c : clean_text(octets)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string markdown_escape(std::string_view octets) {
  std::string out;
  for (const char c : clean_text(octets)) {
    switch (c) {
      case '\n':
        out += ' ';
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '|':
      case '#':
      case '~':
      case '!':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out;
}

std::string markdown_code(std::string_view octets) {
  std::string text = clean_text(octets);
  std::replace(text.begin(), text.end(), '\n', ' ');
  // CommonMark: the fence is a run of backticks longer than any inside.
  std::size_t longest = 0, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(longest + 1, '`');
  const std::string_view space = longest == 0 ? "" : " ";
  return fence + std::string(space) + text + std::string(space) + fence;
}

const std::string& kept_payload(const Transcript& transcript, const Entry& entry) {
  const Entry* at = &entry;
  // An earlier entry only, so a journal from elsewhere cannot make this a circle.
  while (at->octets.empty() && at->same_as && *at->same_as < transcript.entries.size() &&
         &transcript.entries[*at->same_as] < at)
    at = &transcript.entries[*at->same_as];
  return at->octets;
}

}  // namespace touchstone
