// slow_utf8.h - RFC 3629 4, its ABNF written down production by production; the judge of the fast validator.
#pragma once
#include <ws/core/bytes.h>

#include <algorithm>
#include <initializer_list>

namespace fuzz {

// How the front of a text fits the grammar.
struct SlowUtf8 {
  std::size_t possible = 0;  // octets that can be the beginning of some valid text
  bool valid = false;        // the whole is UTF8-octets
};

inline SlowUtf8 slow_utf8(ws::ByteView text) {
  struct Range {
    unsigned first, last;
  };
  constexpr Range kTail{0x80, 0xBF};  // UTF8-tail
  // UTF8-char = UTF8-1 / UTF8-2 / UTF8-3 / UTF8-4, each alternative as its sequence of ranges.
  static const std::initializer_list<std::initializer_list<Range>> kChars = {
      {{0x00, 0x7F}},                              //
      {{0xC2, 0xDF}, kTail},                       //
      {{0xE0, 0xE0}, {0xA0, 0xBF}, kTail},         //
      {{0xE1, 0xEC}, kTail, kTail},                //
      {{0xED, 0xED}, {0x80, 0x9F}, kTail},         //
      {{0xEE, 0xEF}, kTail, kTail},                //
      {{0xF0, 0xF0}, {0x90, 0xBF}, kTail, kTail},  //
      {{0xF1, 0xF3}, kTail, kTail, kTail},         //
      {{0xF4, 0xF4}, {0x80, 0x8F}, kTail, kTail},
  };
  SlowUtf8 found;
  for (ws::ByteView rest = text; !rest.empty();) {
    std::size_t longest = 0;  // octets of `rest` that some alternative can begin with
    bool whole = false;       // that alternative ends there
    for (const auto& alternative : kChars) {
      std::size_t fits = 0;
      for (const Range range : alternative) {
        if (fits == rest.size()) break;
        const auto octet = std::to_integer<unsigned>(rest[fits]);
        if (octet < range.first || octet > range.last) break;
        ++fits;
      }
      if (fits > longest) {
        longest = fits;
        whole = fits == alternative.size();
      }
    }
    found.possible += longest;
    if (!whole) return found;
    rest = rest.subspan(longest);
  }
  found.valid = true;
  return found;
}

}  // namespace fuzz
