// Frame headers, against the examples of RFC 6455 5.7 and every bit pattern.
#include <ws/core/frame.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using test::hex;

Bytes encoded(const FrameHeader& header) {
  Bytes out;
  encode_header(header, out);
  return out;
}

Bytes framed(const FrameHeader& header, ByteView payload) {
  Bytes out;
  encode_frame(header, payload, out);
  return out;
}

TEST(Frame, MatchesTheExamplesOfTheRfc) {  // RFC 6455 5.7
  EXPECT_EQ(framed({.opcode = Opcode::text}, as_octets("Hello")), hex("81 05 48 65 6c 6c 6f"));
  EXPECT_EQ(framed({.opcode = Opcode::text, .mask = test::kMaskKey}, as_octets("Hello")),
            hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
  EXPECT_EQ(framed({.fin = false, .opcode = Opcode::text}, as_octets("Hel")), hex("01 03 48 65 6c"));
  EXPECT_EQ(framed({.opcode = Opcode::cont}, as_octets("lo")), hex("80 02 6c 6f"));
  EXPECT_EQ(framed({.opcode = Opcode::ping}, as_octets("Hello")), hex("89 05 48 65 6c 6c 6f"));
  EXPECT_EQ(framed({.opcode = Opcode::pong, .mask = test::kMaskKey}, as_octets("Hello")),
            hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"));
  EXPECT_EQ(encoded({.opcode = Opcode::binary, .length = 256}), hex("82 7e 01 00"));
  EXPECT_EQ(encoded({.opcode = Opcode::binary, .length = 65536}), hex("82 7f 00 00 00 00 00 01 00 00"));
}

TEST(Frame, TakesTheShortestLengthAtEveryEdge) {
  const struct {
    std::uint64_t length;
    std::size_t size;
  } rows[] = {{0, 2}, {125, 2}, {126, 4}, {127, 4}, {65535, 4}, {65536, 10}, {(1ULL << 63) - 1, 10}};
  for (const auto& row : rows)
    for (const bool masked : {false, true}) {
      FrameHeader header{.length = row.length};
      if (masked) header.mask = test::kMaskKey;
      const Bytes octets = encoded(header);
      EXPECT_EQ(octets.size(), row.size + (masked ? 4 : 0));
      EXPECT_EQ(header_size(std::span(octets).first<2>()), octets.size());
      EXPECT_EQ(decode_header(octets), header);
    }
}

TEST(Frame, EveryFirstOctetHasAMeaningAndComesBack) {
  for (unsigned first = 0; first < 256; ++first) {
    const std::array<std::byte, 2> octets = {static_cast<std::byte>(first), std::byte{5}};
    const FrameHeader header = decode_header_lenient(octets);
    EXPECT_EQ(header.fin, (first & 0x80) != 0);
    EXPECT_EQ(header.rsv1, (first & 0x40) != 0);
    EXPECT_EQ(header.rsv2, (first & 0x20) != 0);
    EXPECT_EQ(header.rsv3, (first & 0x10) != 0);
    EXPECT_EQ(static_cast<unsigned>(header.opcode), first & 0x0F);
    EXPECT_EQ(encoded(header), to_bytes(ByteView(octets)));
  }
}

TEST(Frame, RefusesLengthsThatAreNotMinimal) {
  for (const auto* octets :
       {"82 7e 00 00", "82 7e 00 7d", "82 7f 00 00 00 00 00 00 00 7d", "82 7f 00 00 00 00 00 00 ff ff"})
    EXPECT_EQ(decode_header(hex(octets)).error(), Violation::length_not_minimal) << octets;
}

TEST(Frame, RefusesTheHighBitOfALength) {
  EXPECT_EQ(decode_header(hex("82 7f 80 00 00 00 00 00 00 00")).error(), Violation::length_high_bit);
}

TEST(Frame, LenientDecodingReadsWhatTheStrictOneRefuses) {
  EXPECT_EQ(decode_header_lenient(hex("82 7e 00 05")).length, 5U);
  EXPECT_EQ(decode_header_lenient(hex("82 7f ff ff ff ff ff ff ff ff")).length, ~0ULL);
}

TEST(Frame, NamesOpcodes) {
  EXPECT_EQ(name(Opcode::cont), "continuation");
  EXPECT_EQ(name(static_cast<Opcode>(3)), "reserved-3");
  EXPECT_EQ(name(static_cast<Opcode>(15)), "reserved-15");
  for (unsigned value = 0; value < 16; ++value)
    EXPECT_EQ(is_reserved(static_cast<Opcode>(value)), name(static_cast<Opcode>(value)).starts_with("reserved"))
        << value;
}

}  // namespace
}  // namespace ws
