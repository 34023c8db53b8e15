#include "runner/engine/verdict/mask_keys.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace touchstone {
namespace {

std::vector<std::uint32_t> made(std::size_t count, const std::function<std::uint32_t(std::size_t)>& make) {
  std::vector<std::uint32_t> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(make(i));
  return keys;
}

TEST(MaskKeys, AcceptsTenThousandConnectionsOfAGoodSource) {
  std::mt19937 random(7);
  for (int round = 0; round < 10'000; ++round) {
    const auto keys = made(2 + static_cast<std::size_t>(round) % 200,
                           [&](std::size_t) { return static_cast<std::uint32_t>(random()); });
    EXPECT_TRUE(judge_mask_keys(keys).empty()) << round;
  }
}

TEST(MaskKeys, AcceptsAZeroKeyByChance) { EXPECT_TRUE(judge_mask_keys(std::vector<std::uint32_t>{0}).empty()); }

TEST(MaskKeys, FindsAConstantKey) {
  const auto found = judge_mask_keys(made(3, [](std::size_t) { return 0x12345678U; }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::violation);
}

TEST(MaskKeys, FindsACounter) {
  const auto found = judge_mask_keys(made(64, [](std::size_t i) { return static_cast<std::uint32_t>(i * 7); }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::violation);
}

TEST(MaskKeys, FindsAShortCycle) {
  const auto found = judge_mask_keys(
      made(64, [](std::size_t i) { return static_cast<std::uint32_t>(0x9e3779b9U * (i % 60) * (i % 60)); }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::weak);
}

TEST(MaskKeys, FindsKeysOfThirtyOneBits) {
  std::mt19937 random(7);
  const auto found =
      judge_mask_keys(made(64, [&](std::size_t) { return static_cast<std::uint32_t>(random()) & 0x7fffffffU; }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::weak);
}

TEST(MaskKeys, FindsABitThatIsSetNineTimesInTen) {
  std::mt19937 random(7);
  const auto found = judge_mask_keys(
      made(256, [&](std::size_t i) { return (static_cast<std::uint32_t>(random()) & ~1U) | (i % 10 == 0 ? 0U : 1U); }));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::weak);
}

}  // namespace
}  // namespace touchstone
