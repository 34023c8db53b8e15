// UTF-8, against a decoder that follows the table of RFC 3629 4 by hand.
#include <ws/core/utf8.h>

#include <gtest/gtest.h>

#include <string>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

// An independent decoder by the prose of RFC 3629 3: read the length off the first octet, gather six
// bits from each of the others, then look at the number. Returns how many octets the code point at
// the front has, or 0.
std::size_t slow_code_point(ByteView in) {
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(in[i]); };
  std::size_t length = 0;
  std::uint32_t value = 0;
  if ((at(0) >> 7) == 0b0) length = 1, value = at(0);
  if ((at(0) >> 5) == 0b110) length = 2, value = at(0) & 0b11111;
  if ((at(0) >> 4) == 0b1110) length = 3, value = at(0) & 0b1111;
  if ((at(0) >> 3) == 0b11110) length = 4, value = at(0) & 0b111;
  if (length == 0 || length > in.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) >> 6) != 0b10) return 0;
    value = value << 6 | (at(i) & 0b111111);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return value >= kSmallest[length] && value <= 0x10FFFF && !surrogate ? length : 0;
}

bool slow_is_utf8(ByteView in) {
  while (!in.empty()) {
    const std::size_t n = slow_code_point(in);
    if (n == 0) return false;
    in = in.subspan(n);
  }
  return true;
}

// Whether some octets make `in` valid: tries all continuations that could matter.
bool slow_is_prefix(ByteView in) {
  while (!in.empty()) {
    const std::size_t n = slow_code_point(in);
    if (n != 0) {
      in = in.subspan(n);
      continue;
    }
    Bytes whole = to_bytes(in);
    if (whole.size() > 3) return false;
    // Second octets decide (RFC 3629 4); after them any continuation octet does.
    for (unsigned second = 0x80; second <= 0xBF; ++second) {
      Bytes tried = whole;
      if (tried.size() == 1) tried.push_back(static_cast<std::byte>(second));
      for (int more = 0; more < 3; ++more) {
        if (slow_is_utf8(tried)) return true;
        tried.push_back(std::byte{0x80});
      }
    }
    return false;
  }
  return true;
}

// A plain branch, for this runs twenty million times.
void check(ByteView in) {
  if (is_utf8(in) != slow_is_utf8(in)) ADD_FAILURE() << test::to_hex(in);
}

TEST(Utf8, AgreesWithTheSlowDecoderOnAllStringsOfUpToThreeOctets) {
  std::array<std::byte, 3> s;
  for (unsigned a = 0; a < 256; ++a) {
    s[0] = static_cast<std::byte>(a);
    check(ByteView(s).first(1));
    for (unsigned b = 0; b < 256; ++b) {
      s[1] = static_cast<std::byte>(b);
      check(ByteView(s).first(2));
      for (unsigned c = 0; c < 256; ++c) {
        s[2] = static_cast<std::byte>(c);
        check(s);
      }
    }
  }
}

TEST(Utf8, AgreesWithTheSlowDecoderOnFourOctetsAtTheEdges) {
  constexpr unsigned kEdges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
  for (unsigned a = 0xE0; a < 256; ++a)
    for (unsigned b = 0; b < 256; ++b)
      for (const unsigned c : kEdges)
        for (const unsigned d : kEdges) {
          const std::array<std::byte, 4> s = {static_cast<std::byte>(a), static_cast<std::byte>(b),
                                              static_cast<std::byte>(c), static_cast<std::byte>(d)};
          check(s);
        }
}

TEST(Utf8, FailsAtTheFirstImpossibleOctet) {
  // The index that consume() returns is the longest prefix that can still be completed. ASCII first
  // octets are all alike, and nothing after an impossible prefix matters.
  std::array<std::byte, 3> s;
  const auto viable = [&](std::size_t size) { return slow_is_prefix(ByteView(s).first(size)); };
  for (unsigned a = 0x7F; a < 256; ++a) {
    s[0] = static_cast<std::byte>(a);
    const bool first = viable(1);
    for (unsigned b = 0; b < 256; ++b) {
      s[1] = static_cast<std::byte>(b);
      const bool second = first && viable(2);
      for (unsigned c = 0; c < (second ? 256u : 1u); ++c) {
        s[2] = static_cast<std::byte>(c);
        const std::size_t longest = !first ? 0 : !second ? 1 : !viable(3) ? 2 : 3;
        Utf8Validator validator;
        ASSERT_EQ(validator.consume(s), longest) << test::to_hex(s);
      }
    }
  }
}

TEST(Utf8, AcceptsEveryCodePointAndNoSurrogate) {
  for (std::uint32_t value = 0x10000; value <= 0x10FFFF; ++value) {
    const std::array<std::byte, 4> s = {
        static_cast<std::byte>(0xF0 | value >> 18), static_cast<std::byte>(0x80 | (value >> 12 & 63)),
        static_cast<std::byte>(0x80 | (value >> 6 & 63)), static_cast<std::byte>(0x80 | (value & 63))};
    ASSERT_TRUE(is_utf8(s)) << value;
  }
}

TEST(Utf8, RejectsSurrogateAtSecondOctet) {
  Utf8Validator validator;
  EXPECT_EQ(validator.consume(test::hex("ed a0 80")), 1U);
}

TEST(Utf8, StaysFailedUntilReset) {
  Utf8Validator validator;
  EXPECT_EQ(validator.consume(test::hex("61 ff")), 1U);
  EXPECT_FALSE(validator.complete());
  EXPECT_EQ(validator.consume(as_octets("a")), 0U);
  validator.reset();
  EXPECT_EQ(validator.consume(as_octets("a")), 1U);
  EXPECT_TRUE(validator.complete());
}

TEST(Utf8, IsNotCompleteInsideACodePoint) {
  const Bytes euro = test::hex("e2 82 ac");
  Utf8Validator validator;
  EXPECT_TRUE(validator.complete());
  EXPECT_EQ(validator.consume(ByteView(euro).first(2)), 2U);
  EXPECT_FALSE(validator.complete());
  EXPECT_EQ(validator.consume(ByteView(euro).last(1)), 1U);
  EXPECT_TRUE(validator.complete());
}

TEST(Utf8, FindsABadOctetAnywhereInLongAscii) {
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t bad = 0; bad < size; ++bad) {
      Bytes text(size, std::byte{'a'});
      text[bad] = std::byte{0xFF};
      Utf8Validator validator;
      ASSERT_EQ(validator.consume(text), bad);
    }
}

}  // namespace
}  // namespace ws
