#include "runner/engine/state_coverage.h"

#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

std::vector<std::string> missing(const StateCoverage& found) {
  std::vector<std::string> all;
  for (const auto& of : found.sides) {
    for (const StatePair& pair : of.classes) {
      if (pair.count == 0) all.push_back(name(*pair.state) + " " + name(*pair.input));
    }
  }
  return all;
}

TEST(StateCoverage, HasACaseForEveryPair) {
  const auto found = state_coverage(Catalogue::built_in().cases());
  EXPECT_GT(found.all(), 2000U);
  EXPECT_EQ(found.covered(), found.all()) << "without a case: " << ::testing::PrintToString(missing(found));
}

// What was covered by these steps alone, for a server.
std::vector<std::string> covered_by(std::vector<Step> steps, bool deflate = false) {
  Case c;
  c.id = "test/one";
  c.sides = {Side::server};
  c.needs_deflate = deflate;
  c.offer = {"permessage-deflate"};
  c.steps = std::move(steps);
  const auto found = state_coverage(std::span(&c, 1));
  std::vector<std::string> all;
  for (const StatePair& pair : found.sides[0].classes) {
    if (pair.count > 0) all.push_back(name(*pair.state) + " " + name(*pair.input));
  }
  return all;
}

Step frame(ws::Opcode opcode, bool fin, std::string_view payload, std::uint8_t rsv = 0) {
  return {step::Frame{opcode, fin, rsv, {recipe::Literal{ws::to_bytes(payload)}}}};
}

TEST(StateCoverage, FollowsWhatFramesDo) {
  EXPECT_EQ(covered_by({frame(ws::Opcode::text, false, "\xe2"), frame(ws::Opcode::ping, true, "p"),
                        frame(ws::Opcode::cont, true, "\x82\xac")}),
            (std::vector<std::string>{"start text-begun-0", "in-text-partial-first ping-9",
                                      "in-text-partial-ping continuation-9"}));
}

// RFC 7692 7.2.3.1: a stored block; what it holds ends within a code point.
TEST(StateCoverage, LooksIntoCompressedText) {
  const std::string_view block("\x00\x01\x00\xfe\xff\xe2\x00", 7);
  const auto seen = covered_by({frame(ws::Opcode::text, false, block, 4), frame(ws::Opcode::pong, true, "")}, true);
  EXPECT_NE(std::ranges::find(seen, "in-compressed-text-partial-first pong-0"), seen.end())
      << ::testing::PrintToString(seen);
}

TEST(StateCoverage, GoesOnAfterAFault) {
  const auto seen = covered_by({frame(static_cast<ws::Opcode>(3), true, ""), frame(ws::Opcode::text, true, "x")});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[1].starts_with("failed ")) << seen[1];
}

TEST(StateCoverage, KnowsAWrongMaskBit) {
  auto step = frame(ws::Opcode::text, true, "x");
  std::get<step::Frame>(step.action).form.wrong_mask_bit = true;
  EXPECT_EQ(covered_by({step}), std::vector<std::string>{"start text-wrong-mask-bit-9"});
}

TEST(StateCoverage, TakesNoCaseThatOnlyClaims) {
  Case c = *Catalogue::built_in().find("fragments/alternating-types");
  const auto before = state_coverage(std::span(&c, 1)).covered();
  c.steps.clear();
  EXPECT_GT(before, 0U);
  EXPECT_EQ(state_coverage(std::span(&c, 1)).covered(), 0U);
}

}  // namespace
}  // namespace touchstone
