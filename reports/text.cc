// text.cc - what endpoints say, made safe for the formats of reports.
#include "reports/text.h"

#include <algorithm>

namespace touchstone {

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
  for (const char c : said(octets)) {
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
