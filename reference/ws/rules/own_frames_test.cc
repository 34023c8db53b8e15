#include <gtest/gtest.h>
#include <ws/core/connection/connection.h>
#include <ws/rules/own_frames.h>

namespace ws::rules {
namespace {

FrameHeader header(Opcode opcode, std::uint64_t length = 1, bool fin = true, bool rsv1 = false) {
  FrameHeader out;
  out.opcode = opcode;
  out.length = length;
  out.fin = fin;
  out.rsv1 = rsv1;
  return out;
}

// RFC 6455 5.5.1.
TEST(OwnFrames, AfterTheCloseComeNoDataAndNoSecondOne) {
  OwnFrames frames(false);
  EXPECT_FALSE(frames.take(header(Opcode::text)).data_after_close);
  EXPECT_FALSE(frames.take(header(Opcode::close)).second_close);
  EXPECT_TRUE(frames.take(header(Opcode::close)).second_close);
  EXPECT_TRUE(frames.take(header(Opcode::binary)).data_after_close);
  EXPECT_TRUE(frames.take(header(Opcode::cont)).data_after_close);
  const auto pong = frames.take(header(Opcode::pong));
  EXPECT_FALSE(pong.second_close || pong.data_after_close);
}

// C-37, in one frame and in several.
TEST(OwnFrames, ACompressedMessageHasAnOctet) {
  const auto ends_empty = [](bool deflate, std::vector<FrameHeader> all) {
    OwnFrames frames(deflate);
    bool last = false;
    for (const FrameHeader& each : all) last = frames.take(each).empty_compressed;
    return last;
  };
  EXPECT_TRUE(ends_empty(true, {header(Opcode::text, 0, true, true)}));
  EXPECT_TRUE(ends_empty(true, {header(Opcode::text, 0, false, true), header(Opcode::ping), header(Opcode::cont, 0)}));
  EXPECT_FALSE(ends_empty(true, {header(Opcode::text, 0, false, true)}));
  EXPECT_FALSE(ends_empty(true, {header(Opcode::text, 1, false, true), header(Opcode::cont, 0)}));
  EXPECT_FALSE(ends_empty(true, {header(Opcode::text, 1, true, true), header(Opcode::text, 0)}));
  EXPECT_TRUE(ends_empty(true, {header(Opcode::text, 1, true, true), header(Opcode::text, 0, true, true)}));
  EXPECT_FALSE(ends_empty(true, {header(Opcode::text, 0, true, true), header(Opcode::ping, 0)}));
  EXPECT_FALSE(ends_empty(false, {header(Opcode::text, 0, true, true)}));
}

TEST(OwnFrames, TheProperFormIsWhatTheReceiverTakes) {
  Options options;
  options.role = Role::client;
  options.mask_key = [] { return MaskKey{}; };
  options.nonce = [] { return std::string(); };
  auto receiver = Connection::opened(std::move(options), DeflateParams{});
  receiver.receive(proper_empty_compressed(header(Opcode::text, 0, true, true)));
  const auto event = receiver.next_event();
  ASSERT_TRUE(event && std::holds_alternative<event::Text>(*event));
  EXPECT_EQ(std::get<event::Text>(*event).data, "");
}

TEST(OwnFrames, KeepsTheMaskingKeysInOrder) {
  OwnFrames frames(false);
  FrameHeader masked = header(Opcode::text);
  masked.mask = MaskKey{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
  frames.take(masked);
  frames.take(header(Opcode::ping));
  masked.mask = MaskKey{};
  frames.take(masked);
  EXPECT_EQ(frames.mask_keys(), (std::vector<std::uint32_t>{0x37fa213d, 0}));
}

TEST(MayRepeat, OurOwnCodeOnlyAndNeverOneForTheApplication) {
  EXPECT_TRUE(may_repeat(2000, 2000));
  EXPECT_FALSE(may_repeat(2001, 2000));
  EXPECT_FALSE(may_repeat(2000, std::nullopt));
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1005, 1006, 1015})
    EXPECT_FALSE(may_repeat(code, code)) << code;
}

}  // namespace
}  // namespace ws::rules
