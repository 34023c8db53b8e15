#include "runner/engine/compose/composer.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

ws::Bytes composed(ws::Role role, const step::Frame& frame, std::string_view payload) {
  DeflateCache cache;
  Composer composer(role, 1, std::nullopt, cache);
  ws::Bytes out;
  composer.frame(frame, ws::as_octets(payload), [&](const WireFrame& wire) { ws::append(out, wire.octets); });
  return out;
}

ws::Bytes octets(std::initializer_list<unsigned> values) {
  ws::Bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

// RFC 6455 5.7: "A single-frame masked text message" and the unmasked one.
TEST(Composer, MakesTheMaskedHelloOfTheRfc) {
  step::Frame frame;
  frame.form.key = ws::MaskKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
  EXPECT_EQ(composed(ws::Role::client, frame, "Hello"),
            octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
}

TEST(Composer, LeavesAClientsFrameBare) {
  step::Frame frame;
  frame.form.wrong_mask = true;
  EXPECT_EQ(composed(ws::Role::client, frame, "Hello"), octets({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
}

TEST(Composer, MasksAServersFrame) {
  step::Frame frame;
  frame.form.wrong_mask = true;
  frame.form.key = ws::MaskKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
  EXPECT_EQ(composed(ws::Role::server, frame, "Hello").size(), 11u);
}

// RFC 6455 5.3: the key stands where the MASK bit says. Here it stands, and the bit does not say so.
TEST(Composer, ClearsAClientsMaskBitAlone) {
  step::Frame frame;
  frame.form.wrong_mask_bit = true;
  frame.form.key = ws::MaskKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
  EXPECT_EQ(composed(ws::Role::client, frame, "Hello"),
            octets({0x81, 0x05, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
}

TEST(Composer, SetsAServersMaskBitAlone) {
  step::Frame frame;
  frame.form.wrong_mask_bit = true;
  EXPECT_EQ(composed(ws::Role::server, frame, "Hello"), octets({0x81, 0x85, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
}

TEST(Composer, WritesALengthInMoreOctetsThanItNeeds) {
  step::Frame frame;
  frame.form.length_bits = 16;
  EXPECT_EQ(composed(ws::Role::server, frame, "x"), octets({0x81, 126, 0, 1, 'x'}));
  frame.form.length_bits = 64;
  EXPECT_EQ(composed(ws::Role::server, frame, "x"), octets({0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 'x'}));
}

TEST(Composer, AnnouncesTheTopBit) {
  step::Frame frame;
  frame.form.announces = std::uint64_t{1} << 63 | 5;
  EXPECT_EQ(composed(ws::Role::server, frame, "x"), octets({0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 5, 'x'}));
}

TEST(Composer, CutsAFrameAnywhere) {
  step::Frame frame;
  for (std::uint64_t cut = 0; cut < 9; ++cut) {
    frame.form.cut = cut;
    EXPECT_EQ(composed(ws::Role::server, frame, "Hello").size(), std::min<std::uint64_t>(cut, 7));
  }
}

}  // namespace
}  // namespace touchstone
