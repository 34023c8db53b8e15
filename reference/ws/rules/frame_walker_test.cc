#include <gtest/gtest.h>
#include <ws/core/mask.h>
#include <ws/rules/frame_walker.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ws::rules {
namespace {

// Frames whose octets RFC 6455 5.7 gives, and frames that no endpoint may send.
struct Written {
  std::string octets;
  Opcode opcode;
  bool masked;
  std::string payload;  // as it is meant
};

std::vector<Written> frames_of_the_rfc() {
  return {
      {std::string("\x81\x05\x48\x65\x6c\x6c\x6f", 7), Opcode::text, false, "Hello"},
      {std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11), Opcode::text, true, "Hello"},
      {std::string("\x01\x03\x48\x65\x6c", 5), Opcode::text, false, "Hel"},
      {std::string("\x80\x02\x6c\x6f", 4), Opcode::cont, false, "lo"},
      {std::string("\x89\x05\x48\x65\x6c\x6c\x6f", 7), Opcode::ping, false, "Hello"},
      {std::string("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11), Opcode::pong, true, "Hello"},
      {std::string("\x82\x7e\x01\x00", 4) + std::string(256, 'b'), Opcode::binary, false, std::string(256, 'b')},
      {std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10) + std::string(65536, 'c'), Opcode::binary, false,
       std::string(65536, 'c')},
  };
}

std::vector<Written> frames() {
  auto all = frames_of_the_rfc();
  all.push_back({std::string("\x88\x00", 2), Opcode::close, false, ""});
  all.push_back({std::string("\x88\x80\x01\x02\x03\x04", 6), Opcode::close, true, ""});
  // A length in more octets than it needs (RFC 6455 5.2), a reserved opcode, a control frame that is too long.
  all.push_back(
      {std::string("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x01\x20\x00\x00\x00y", 15), Opcode::binary, true, "Y"});
  all.push_back({std::string("\xf3\x01z", 3), Opcode{3}, false, "z"});
  all.push_back(
      {std::string("\x89\x7e\x00\x80", 4) + std::string(128, 'p'), Opcode::ping, false, std::string(128, 'p')});
  return all;
}

std::string joined(const std::vector<Written>& all) {
  std::string out;
  for (const Written& each : all) out += each.octets;
  return out;
}

TEST(FrameWalker, FindsEveryFrameHoweverTheOctetsAreCut) {
  const auto all = frames();
  const std::string octets = joined(all);
  for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, octets.size()}) {
    ControlWalker walker;
    std::size_t found = 0;
    Bytes payload, head;
    for (ByteView rest = as_octets(octets); !rest.empty();) {
      const auto step = walker.take(rest.first(std::min(most, rest.size())));
      ASSERT_GT(step.taken, 0U);
      if (step.begun) payload.clear();
      Bytes piece = to_bytes(step.payload);
      if (walker.header() != nullptr && walker.header()->mask) {
        apply_mask(piece, *walker.header()->mask, static_cast<std::size_t>(step.at % 4));
      }
      append(payload, piece);
      rest = rest.subspan(step.taken);
      if (!walker.complete()) continue;
      ASSERT_LT(found, all.size());
      const Written& expected = all[found++];
      EXPECT_EQ(walker.header()->opcode, expected.opcode) << found;
      EXPECT_EQ(walker.header()->mask.has_value(), expected.masked) << found;
      EXPECT_EQ(to_string(payload), expected.payload) << found << " in pieces of " << most;
      EXPECT_EQ(to_string(walker.head()), expected.octets.substr(0, expected.octets.size() - expected.payload.size()));
      if (is_control(expected.opcode)) {
        EXPECT_EQ(to_string(walker.payload()), expected.payload) << found;
      }
    }
    EXPECT_EQ(found, all.size()) << "in pieces of " << most;
  }
}

TEST(FrameWalker, KnowsNoHeaderBeforeItsLastOctet) {
  FrameWalker walker;
  const std::string head("\x82\xfe\x01\x00kkkk", 8);
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    const auto step = walker.take(as_octets(head).subspan(i, 1));
    EXPECT_EQ(step.taken, 1U);
    EXPECT_FALSE(step.begun) << i;
    EXPECT_EQ(walker.header(), nullptr) << i;
    EXPECT_EQ(walker.head().size(), i + 1);
  }
  EXPECT_TRUE(walker.take(as_octets(head).last(1)).begun);
  EXPECT_FALSE(walker.complete());
  EXPECT_EQ(walker.header()->length, 256U);
}

TEST(FrameWalker, FollowsALengthThatNobodyCanSend) {
  FrameWalker walker;
  const std::string head("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10);
  const auto step = walker.take(as_octets(head + "abc"));
  EXPECT_EQ(step.taken, 13U);
  EXPECT_FALSE(walker.complete());
  EXPECT_EQ(walker.take(as_octets("def")).at, 3U);
}

TEST(FirstFrame, LiesWhereTheRfcSays) {
  for (const Written& each : frames_of_the_rfc()) {
    const std::string octets = each.octets + "behind";
    const auto frame = first_frame(as_octets(octets));
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->size(), each.octets.size());
    EXPECT_FALSE(frame->cut_off());
    EXPECT_EQ(to_string(frame->unmasked()), each.payload);
  }
}

TEST(FirstFrame, SaysInHowManyBitsItsLengthStands) {
  const auto bits = [](const std::string& octets) { return first_frame(as_octets(octets))->length_bits(); };
  const auto all = frames();
  EXPECT_EQ(bits(all[0].octets), 0U);
  EXPECT_EQ(bits(all[1].octets), 0U) << "masked";
  EXPECT_EQ(bits(all[6].octets), 16U);
  EXPECT_EQ(bits(all[7].octets), 64U);
  EXPECT_EQ(bits(all[10].octets), 64U) << "masked, and longer than it needs to be";
}

TEST(FirstFrame, MayBeCutOff) {
  const auto whole = frames_of_the_rfc().at(1).octets;
  for (std::size_t n = 0; n < 6; ++n) EXPECT_FALSE(first_frame(as_octets(whole).first(n))) << n;
  const auto frame = first_frame(as_octets(whole).first(8));
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->cut_off());
  EXPECT_EQ(to_string(frame->unmasked()), "He");
}

}  // namespace
}  // namespace ws::rules
