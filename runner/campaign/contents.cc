#include "runner/campaign/contents.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr unsigned kLeastPower = 4, kMostPower = 17;  // as runner/engine/boundary_coverage.h
constexpr std::uint64_t kSmall[] = {0, 1, 2, 3, 4, 5, 7, 8, 64, 100, 123, 124, 125, 126, 127, 128, 1000};

// Code points by the octets that they have; the ends of each range are drawn as often as all between them.
struct Range {
  char32_t first, last;
};
constexpr Range kPlanes[] = {{0x00, 0x7F},       {0x80, 0x7FF},      {0x800, 0xD7FF},    {0xE000, 0xFFFF},
                             {0x10000, 0x1FFFF}, {0x20000, 0xDFFFF}, {0xE0000, 0xEFFFF}, {0xF0000, 0x10FFFF}};
// What readers of text give a meaning to: ends of lines and texts, marks, letters with several forms, noncharacters.
constexpr char32_t kSpecial[] = {0x0000, 0x0008, 0x0009,  0x000A,  0x000B,  0x000C,  0x000D,  0x001A,  0x001B,
                                 0x0020, 0x007F, 0x0085,  0x00A0,  0x00AD,  0x00C5,  0x00E9,  0x0130,  0x0131,
                                 0x017F, 0x0301, 0x030A,  0x0345,  0x0390,  0x0958,  0x1100,  0x1161,  0x1E9E,
                                 0x200B, 0x200D, 0x200E,  0x2028,  0x2029,  0x202E,  0x2060,  0x2126,  0x212B,
                                 0x3000, 0xAC00, 0xFB01,  0xFDD0,  0xFE0F,  0xFEFF,  0xFF21,  0xFFF9,  0xFFFD,
                                 0xFFFE, 0xFFFF, 0x1D15E, 0x1F600, 0x1F1E6, 0x1FFFE, 0x2F800, 0xE0001, 0x10FFFF};
constexpr std::string_view kDelicate[] = {"\r\n",
                                          "\n",
                                          "\r",
                                          "\n\n",
                                          "\r\r\n",
                                          " ",
                                          "  ",
                                          "\t",
                                          "\t ",
                                          "\v",
                                          "\f",
                                          std::string_view("\0", 1),
                                          std::string_view("\0\0", 2),
                                          "\x1A",
                                          "\x7F",
                                          "\b",
                                          "\\",
                                          "\\n",
                                          "\\u0000",
                                          "\"",
                                          "'",
                                          "<b>",
                                          "&amp;",
                                          "%00",
                                          "%E9",
                                          "+",
                                          "$1",
                                          "{}",
                                          "[]",
                                          "null",
                                          "true",
                                          "0",
                                          "-1",
                                          "1e999",
                                          "NaN",
                                          "undefined",
                                          "a",
                                          "A",
                                          "\xEF\xBB\xBF",
                                          "e\xCC\x81",
                                          "\xC3\xA9",
                                          "\xE2\x84\xAB",
                                          "\xC3\x85",
                                          "A\xCC\x8A",
                                          "\xEF\xAC\x81",
                                          "\xE1\xBA\x9E",
                                          "\xC4\xB0",
                                          "\xE2\x80\x8B",
                                          "\xE2\x80\xA8",
                                          "\xC2\x85",
                                          "\xC2\xA0",
                                          "\xE3\x80\x80",
                                          "\xEF\xBF\xBD",
                                          "\xEF\xBF\xBE",
                                          "\xF0\x9F\x98\x80",
                                          "\xF0\x9D\x85\x9E",
                                          "\xE1\x84\x80\xE1\x85\xA1"};
// Each way of RFC 3629 to be wrong: overlong, a surrogate, beyond U+10FFFF, alone, not whole, never.
constexpr std::string_view kBad[] = {"\xC0\x80",
                                     "\xC1\xBF",
                                     "\xC0\xAF",
                                     "\xE0\x80\x80",
                                     "\xE0\x9F\xBF",
                                     "\xF0\x80\x80\x80",
                                     "\xF0\x8F\xBF\xBF",
                                     "\xED\xA0\x80",
                                     "\xED\xAF\xBF",
                                     "\xED\xB0\x80",
                                     "\xED\xBF\xBF",
                                     "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80",
                                     "\xF7\xBF\xBF\xBF",
                                     "\xF8\x88\x80\x80\x80",
                                     "\xFC\x84\x80\x80\x80\x80",
                                     "\x80",
                                     "\xBF",
                                     "\xFE",
                                     "\xFF",
                                     "\xC3",
                                     "\xE2\x82",
                                     "\xE2",
                                     "\xF0\x9F\x98",
                                     "\xF0\x9F",
                                     "\xF0",
                                     "\xC3(",
                                     "\xE2\x82(",
                                     "\xE2(\xA1",
                                     "\xF0\x9F\x98(",
                                     "\xC2\xC2\x80",
                                     "\xED\xA0\xBD\xED\xB8\x80"};

void append_code_point(ws::Bytes& out, char32_t c) {
  const auto add = [&](char32_t octet) { out.push_back(static_cast<std::byte>(octet)); };
  const auto tail = [&](unsigned shift) { add(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return add(c);
  if (c < 0x800) return add(0xC0 | c >> 6), tail(0);
  if (c < 0x10000) return add(0xE0 | c >> 12), tail(6), tail(0);
  add(0xF0 | c >> 18), tail(12), tail(6), tail(0);
}

char32_t code_point(Dice& dice, const Range& range) {
  if (dice.one_in(3)) return dice.one_in(2) ? range.first : range.last;
  return static_cast<char32_t>(dice.between(range.first, range.last));
}

bool is_tail(std::byte octet) { return (std::to_integer<unsigned>(octet) & 0xC0) == 0x80; }

}  // namespace

Payload payload_of(ws::Bytes octets) { return {recipe::Literal{std::move(octets)}}; }

std::uint64_t boundary(Dice& dice, std::uint64_t most) {
  if (dice.one_in(4)) return std::min<std::uint64_t>(dice.between(124, 128), most);
  unsigned highest = kLeastPower;
  while (highest < kMostPower && (std::uint64_t{1} << (highest + 1)) <= most) ++highest;
  const std::uint64_t near = std::uint64_t{1} << dice.between(kLeastPower, highest);
  return std::min(near + dice.below(7) - 3, most);
}

std::uint64_t any_length(Dice& dice, std::uint64_t most) {
  const std::uint64_t length = dice.one_in(6)
                                   ? boundary(dice, std::min<std::uint64_t>(most, dice.one_in(8) ? most : 4099))
                               : dice.one_in(3) ? dice.below(200)
                                                : dice.pick(kSmall);
  return std::min(length, most);
}

ws::Bytes octets_of_length(Dice& dice, std::uint64_t length) {
  ws::Bytes out(static_cast<std::size_t>(length));
  const auto first = static_cast<unsigned>(dice.below(256));
  const std::uint64_t way = dice.below(4);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(way < 2 ? dice.below(256) : way == 2 ? first : first + i);
  }
  return out;
}

ws::Bytes long_code_point(Dice& dice) {
  ws::Bytes out;
  append_code_point(out, code_point(dice, kPlanes[dice.between(1, std::size(kPlanes) - 1)]));
  return out;
}

ws::Bytes bad_code_point(Dice& dice) { return ws::to_bytes(dice.pick(kBad)); }

ws::Bytes delicate_text(Dice& dice) {
  ws::Bytes out;
  for (std::uint64_t i = dice.between(1, 6); i > 0; --i) {
    if (dice.one_in(4)) {
      append_code_point(out, dice.pick(kSpecial));
    } else {
      ws::append(out, ws::as_octets(dice.pick(kDelicate)));
    }
  }
  return out;
}

ws::Bytes text_of_length(Dice& dice, std::uint64_t length) {
  const std::uint64_t alphabet = dice.below(5);
  const Range& plane = dice.pick(kPlanes);
  ws::Bytes out, next;
  out.reserve(static_cast<std::size_t>(length));
  // After some thousand octets the same again: chance is slow.
  constexpr std::size_t kDrawn = 4096;
  while (out.size() < std::min<std::uint64_t>(length, kDrawn)) {
    next.clear();
    if (alphabet == 0) {
      next.push_back(static_cast<std::byte>('a' + dice.below(26)));
    } else if (alphabet == 1) {
      append_code_point(next, code_point(dice, plane));
    } else if (alphabet == 2) {
      append_code_point(next, dice.pick(kSpecial));
    } else if (alphabet == 3) {
      append_code_point(next, code_point(dice, dice.pick(kPlanes)));
    } else {
      ws::append(next, ws::as_octets(dice.pick(kDelicate)));
    }
    if (out.size() + next.size() > std::min<std::uint64_t>(length, kDrawn)) break;
    ws::append(out, next);
  }
  const std::size_t drawn = out.size();
  while (drawn > 0 && out.size() + drawn <= length)
    out.insert(out.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(drawn));
  out.resize(static_cast<std::size_t>(length), std::byte{'x'});
  return out;
}

std::vector<std::size_t> inside_code_points(ws::ByteView text) {
  std::vector<std::size_t> out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_tail(text[i])) out.push_back(i);
  }
  return out;
}

void overwrite(ws::Bytes& octets, std::size_t at, ws::ByteView part) {
  at = std::min(at, octets.size());
  if (octets.size() < at + part.size()) octets.resize(at + part.size());
  std::ranges::copy(part, octets.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace touchstone::fuzz
