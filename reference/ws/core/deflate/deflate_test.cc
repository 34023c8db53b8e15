// Compression and its bounds, against zlib and the examples of RFC 7692 7.2.3.
#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>
#include <zlib.h>

#include "ws/core/connection/test_support.h"
#include "ws/core/deflate/window_inflater.h"

namespace ws {
namespace {

using test::hex;

constexpr std::uint64_t kNoLimit = ~0ULL;

// Text with matches at many distances; the same for the same seed.
Bytes sample(std::size_t size, std::uint32_t seed = 1) {
  Bytes out;
  while (out.size() < size) {
    seed = seed * 1664525 + 1013904223;
    const std::size_t length = 3 + (seed >> 8) % 60;
    const std::size_t distance = 1 + (seed >> 4) % 40000;
    for (std::size_t i = 0; i < length; ++i)
      out.push_back(distance < out.size() && seed % 3 != 0 ? out[out.size() - distance]
                                                           : static_cast<std::byte>(seed >> (i % 24)));
  }
  out.resize(size);
  return out;
}

std::expected<Bytes, Violation> inflate_all(Inflater& inflater, ByteView in, std::uint64_t limit = kNoLimit) {
  Bytes out;
  if (const auto result = inflater.inflate(in, limit, out); !result) return std::unexpected(result.error());
  if (const auto result = inflater.finish(limit, out); !result) return std::unexpected(result.error());
  return out;
}

std::string inflate_text(Inflater& inflater, std::string_view octets) {
  const auto out = inflate_all(inflater, hex(octets));
  return out ? to_string(*out) : std::string(rule(out.error()).name);
}

// Both decoders have to pass: zlib's with 15, ours with less.
class BothInflaters : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Windows, BothInflaters, testing::Values(8, 9, 14, 15));

TEST_P(BothInflaters, ReadTheExamplesOfTheRfc) {  // RFC 7692 7.2.3
  Inflater inflater(GetParam(), false);
  EXPECT_EQ(inflate_text(inflater, "f2 48 cd c9 c9 07 00"), "Hello");              // 7.2.3.1
  EXPECT_EQ(inflate_text(inflater, "f2 00 11 00 00"), "Hello");                    // 7.2.3.2, with the kept window
  EXPECT_EQ(inflate_text(inflater, "00 05 00 fa ff 48 65 6c 6c 6f 00"), "Hello");  // 7.2.3.3
  EXPECT_EQ(inflate_text(inflater, "f3 48 cd c9 c9 07 00 00"), "Hello");           // 7.2.3.4, a final block
  EXPECT_EQ(inflate_text(inflater, "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), "Hello");  // 7.2.3.5
  EXPECT_EQ(inflate_text(inflater, "00"), "");                                           // 7.2.3.6
}

TEST_P(BothInflaters, KeepTheWindowBehindAFinalBlock) {
  Inflater inflater(GetParam(), false);
  EXPECT_EQ(inflate_text(inflater, "f3 48 cd c9 c9 07 00 f2 00 11 00 00"), "HelloHello");
  EXPECT_EQ(inflate_text(inflater, "f2 00 11 00 00"), "Hello");
}

TEST_P(BothInflaters, ForgetTheWindowWithoutTakeover) {
  Inflater inflater(GetParam(), true);
  EXPECT_EQ(inflate_text(inflater, "f2 48 cd c9 c9 07 00"), "Hello");
  EXPECT_EQ(inflate_text(inflater, "f2 00 11 00 00"), "deflate-corrupt");
}

TEST_P(BothInflaters, RefuseWhatIsNotDeflate) {
  for (const auto* octets : {"07", "00 05 00 00 00", "f2 48 cd", "", "ff ff ff", "05 e0 ff ff ff", "04 00",
                             "f2 48 cd c9 c9 07", "ed fd 01 01 00 00 00 80 90 fe af ee 08 82"}) {
    Inflater inflater(GetParam(), false);
    EXPECT_EQ(inflate_text(inflater, octets), "deflate-corrupt") << octets;
  }
}

// The taken-off tail is read as the end of a dynamic block whose end-of-block code is fourteen ones: two bits are left
// over, so the next message would begin in the middle of an octet.
TEST_P(BothInflaters, RefuseDataThatEndsInsideAnOctet) {
  Inflater inflater(GetParam(), false);
  EXPECT_EQ(inflate_text(inflater, "04 e0 01 92 24 49 92 24 49 20 b1 a8 79 64 f5 ec fd ff bb 07"), "deflate-corrupt");
}

TEST_P(BothInflaters, LimitIsCountedToTheOctet) {
  Bytes bomb;
  Deflater(9, false, 9).compress(Bytes(1'000'000), true, bomb);
  ASSERT_LT(bomb.size(), 10'000U);
  EXPECT_EQ(inflate_all(*std::make_unique<Inflater>(GetParam(), false), bomb, 1'000'000)->size(), 1'000'000U);
  for (const std::uint64_t limit : {0U, 1U, 511U, 65536U, 999'999U}) {
    Inflater inflater(GetParam(), false);
    Bytes out;
    EXPECT_EQ(inflater.inflate(bomb, limit, out).error(), Violation::message_too_big);
    EXPECT_EQ(out.size(), limit + 1);
  }
}

TEST_P(BothInflaters, CutDoesNotMatter) {
  const Bytes text = sample(20'000);
  Bytes wire;
  Deflater(9, false, 6).compress(text, true, wire);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
    Inflater inflater(std::max(GetParam(), 9), false);
    Bytes out;
    for (std::size_t at = 0; at < wire.size(); at += piece)
      ASSERT_TRUE(inflater.inflate(ByteView(wire).subspan(at, std::min(piece, wire.size() - at)), kNoLimit, out));
    ASSERT_TRUE(inflater.finish(kNoLimit, out));
    EXPECT_EQ(out, text);
  }
}

TEST(Deflate, ComesBackForEveryWindowTakeoverAndLevel) {
  for (int bits = 9; bits <= 15; ++bits)
    for (int reader = bits; reader <= 15; ++reader)
      for (const bool forget : {false, true})
        for (const int level : {0, 1, 6, 9}) {
          Deflater deflater(bits, forget, level);
          Inflater inflater(reader, forget);
          for (std::uint32_t message = 0; message < 4; ++message) {
            const Bytes text = sample(message * 11'000, bits * 10 + message);
            Bytes wire;
            deflater.compress(text, true, wire);
            const auto back = inflate_all(inflater, wire);
            ASSERT_TRUE(back) << bits << reader << forget << level << message;
            ASSERT_EQ(*back, text);
          }
        }
}

TEST(Deflate, FragmentsAndEmptyOnesMakeOneMessage) {
  for (const bool forget : {false, true}) {
    Deflater deflater(15, forget);
    Inflater inflater(15, forget);
    for (const std::string_view pattern :
         {"", ".", "..", "abc", ".a.", "a.", "..a..", "a"}) {  // '.' is an empty fragment
      Bytes wire, text;
      for (std::size_t i = 0; i < pattern.size(); ++i) {
        const Bytes fragment = pattern[i] == '.' ? Bytes{} : sample(1000, pattern[i]);
        deflater.compress(fragment, i + 1 == pattern.size(), wire);
        append(text, fragment);
      }
      if (pattern.empty()) deflater.compress({}, true, wire);
      EXPECT_EQ(inflate_all(inflater, wire), text) << pattern;
    }
  }
}

TEST(Deflate, EmptyMessageIsOneOctet) {  // RFC 7692 7.2.3.6
  Deflater deflater(15, false);
  for (int i = 0; i < 3; ++i) {
    Bytes wire;
    deflater.compress({}, true, wire);
    EXPECT_EQ(wire, hex("00"));
  }
}

TEST(Deflate, TakeoverMakesTheSecondMessageSmaller) {  // RFC 7692 7.2.3.2
  const Bytes text = sample(500);
  Bytes first, second, third;
  Deflater keeps(15, false), forgets(15, true);
  keeps.compress(text, true, first);
  keeps.compress(text, true, second);
  EXPECT_LT(second.size() * 5, first.size());
  forgets.compress(text, true, second = {});
  forgets.compress(text, true, third);
  EXPECT_EQ(second, third);
}

// `gap` octets between two equal runs: a fixed block with one match at that distance, made by hand.
Bytes match_at(std::size_t distance) {
  // Stored octets first, so that only the match is coded.
  Bytes wire;
  for (std::size_t left = distance; left > 0;) {
    const auto n = static_cast<unsigned>(std::min<std::size_t>(left, 0xFFFF));
    wire.push_back(std::byte{0});
    for (const unsigned v : {n & 0xFFU, n >> 8, ~n & 0xFFU, (~n >> 8) & 0xFFU})
      wire.push_back(static_cast<std::byte>(v));
    for (unsigned i = 0; i < n; ++i) wire.push_back(static_cast<std::byte>(i));
    left -= n;
  }
  std::uint32_t symbol = 0, extra = 0, base = 1;
  for (symbol = 0;; ++symbol) {
    extra = symbol < 2 ? 0 : symbol / 2 - 1;
    if (distance < base + (1U << extra)) break;
    base += 1U << extra;
  }
  std::uint64_t bits = 0b010;  // not final, fixed; then the literal code of length 3: 0000001
  unsigned count = 3;
  const auto put_code = [&](unsigned code, unsigned length) {
    for (unsigned i = length; i-- > 0;) bits |= std::uint64_t{code >> i & 1U} << count++;
  };
  put_code(1, 7);
  put_code(symbol, 5);
  bits |= static_cast<std::uint64_t>(distance - base) << count;
  count += extra;
  put_code(0, 7);  // end of block
  count += 3;      // the empty stored block, of which the tail is taken off
  for (unsigned at = 0; at < count; at += 8) wire.push_back(static_cast<std::byte>(bits >> at & 0xFF));
  return wire;
}

TEST(Deflate, DistanceBeyondTheWindowIsCorruptHoweverItIsCut) {  // RFC 7692 7.2.1
  for (int bits = 8; bits <= 15; ++bits) {
    const std::size_t window = std::size_t{1} << bits;
    for (const std::size_t distance : {window, window + 1, window + 100}) {
      if (distance > 32768) continue;
      const Bytes wire = match_at(distance);
      for (const std::size_t piece : {wire.size(), std::size_t{1000}, std::size_t{1}}) {
        Inflater inflater(bits, false);
        Bytes out;
        std::expected<void, Violation> result;
        for (std::size_t at = 0; result && at < wire.size(); at += piece)
          result = inflater.inflate(ByteView(wire).subspan(at, std::min(piece, wire.size() - at)), kNoLimit, out);
        if (result) result = inflater.finish(kNoLimit, out);
        EXPECT_EQ(result.has_value(), distance <= window) << bits << " " << distance << " " << piece;
        EXPECT_TRUE(!result || out.size() == distance + 3);
      }
    }
  }
}

TEST(Deflate, DistanceBeforeTheFirstOctetIsCorrupt) {
  // Two octets, then a match that reaches three back.
  for (const int bits : {8, 15}) {
    Inflater inflater(bits, false);
    Bytes wire = match_at(3);
    wire[1] = std::byte{2}, wire[3] = std::byte{0xFD};
    wire.erase(wire.begin() + 5);
    EXPECT_EQ(inflate_all(inflater, wire).error(), Violation::deflate_corrupt);
  }
}

// zlib, with the same rules around it, is the model of our own decoder.
TEST(WindowInflater, AgreesWithZlibOnDamagedData) {
  std::uint32_t seed = 7;
  const auto random = [&](std::uint32_t below) { return (seed = seed * 1664525 + 1013904223, seed >> 8) % below; };
  int good = 0, bad = 0;
  for (int round = 0; round < 4000; ++round) {
    Bytes wire;
    Deflater(15, false, static_cast<int>(random(10))).compress(sample(random(3000), random(1000)), true, wire);
    for (std::uint32_t damage = random(4); damage > 0; --damage)
      wire[random(static_cast<std::uint32_t>(wire.size()))] ^= static_cast<std::byte>(1U << random(8));
    Inflater model(15, false);
    WindowInflater ours(15);
    Bytes expected, got;
    const auto expected_result = model.inflate(wire, 100'000, expected);
    const auto result = ours.inflate(wire, 100'000, got);
    ASSERT_EQ(result, expected_result) << round;
    ASSERT_EQ(got, expected) << round;
    const bool whole = model.finish(200'000, expected).has_value();
    const bool our_whole = ours.inflate(hex("00 00 ff ff"), 200'000, got).has_value() && ours.between_blocks();
    ASSERT_TRUE(!result || our_whole == whole) << round;
    ++(whole ? good : bad);
  }
  EXPECT_GT(good, 500);
  EXPECT_GT(bad, 500);
}

TEST(HuffmanCode, RefusesTooManyAndTooFewCodes) {
  HuffmanCode code;
  const auto build = [&](std::vector<std::uint8_t> lengths, bool may) { return code.build(lengths, may); };
  EXPECT_TRUE(build({1, 1}, false));
  EXPECT_FALSE(build({1, 1, 1}, true));  // over-subscribed
  EXPECT_FALSE(build({2, 2, 2}, true));  // a code is left over
  EXPECT_FALSE(build({1, 0}, false));
  EXPECT_TRUE(build({1, 0}, true));
  EXPECT_TRUE(build({0, 0}, true));
  unsigned used = 0;
  EXPECT_EQ(code.decode(0, 1, used), HuffmanCode::kInvalid);
  EXPECT_EQ(code.decode(0, 0, used), HuffmanCode::kNeedMore);
}

TEST(HuffmanCode, ReadsCodesOfEveryLength) {
  // Lengths 1, 2, ..., 14, 15, 15: symbol i is i ones and a zero; the last one has no zero.
  std::vector<std::uint8_t> lengths;
  for (std::uint8_t i = 1; i <= 15; ++i) lengths.push_back(i);
  lengths.push_back(15);
  HuffmanCode code;
  ASSERT_TRUE(code.build(lengths, false));
  for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
    unsigned used = 0;
    const std::uint64_t hold = (1ULL << symbol) - 1;
    EXPECT_EQ(code.decode(hold, lengths[symbol], used), static_cast<int>(symbol));
    EXPECT_EQ(used, lengths[symbol]);
    EXPECT_EQ(code.decode(hold, lengths[symbol] - 1U, used), HuffmanCode::kNeedMore) << symbol;
  }
}

}  // namespace
}  // namespace ws
