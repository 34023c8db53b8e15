#include <gtest/gtest.h>
#include <ws/rules/mask_keys.h>

#include <functional>
#include <random>
#include <vector>

namespace ws::rules {
namespace {

std::vector<std::uint32_t> made(std::size_t count, const std::function<std::uint32_t(std::size_t)>& make) {
  std::vector<std::uint32_t> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(make(i));
  return keys;
}

TEST(MaskKeys, AcceptsHundredsOfConnectionsOfAGoodSource) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const auto keys = made(2 + static_cast<std::size_t>(round) % 200,
                           [&](std::size_t) { return static_cast<std::uint32_t>(random()); });
    EXPECT_FALSE(mask_key_fault(keys)) << round;
  }
}

TEST(MaskKeys, AcceptsAZeroKeyByChance) { EXPECT_FALSE(mask_key_fault(std::vector<std::uint32_t>{0})); }

TEST(MaskKeys, FindsAConstantKey) {
  const auto found = mask_key_fault(made(3, [](std::size_t) { return 0x12345678U; }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::constant);
}

TEST(MaskKeys, FindsACounter) {
  const auto found = mask_key_fault(made(64, [](std::size_t i) { return static_cast<std::uint32_t>(i * 7); }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::counting);
}

TEST(MaskKeys, FindsALinearCongruentialGenerator) {
  std::uint64_t state = 0x123456789abc;
  const auto found = mask_key_fault(made(6, [&](std::size_t) {
    state = (state * 0x5DEECE66D + 11) & ((1ULL << 48) - 1);  // java.util.Random
    return static_cast<std::uint32_t>(state >> 16);
  }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::predictable);
}

TEST(MaskKeys, FindsAShortCycle) {
  std::mt19937 random(7);
  const auto cycle = made(60, [&](std::size_t) { return static_cast<std::uint32_t>(random()); });
  const auto found = mask_key_fault(made(64, [&](std::size_t i) { return cycle[i % 60]; }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::repeating);
}

TEST(MaskKeys, FindsKeysOfThirtyOneBits) {
  std::mt19937 random(7);
  const auto found =
      mask_key_fault(made(64, [&](std::size_t) { return static_cast<std::uint32_t>(random()) & 0x7fffffffU; }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::stuck_bits);
}

TEST(MaskKeys, FindsABitThatIsSetNineTimesInTen) {
  std::mt19937 random(7);
  const auto found = mask_key_fault(
      made(256, [&](std::size_t i) { return (static_cast<std::uint32_t>(random()) & ~1U) | (i % 10 == 0 ? 0U : 1U); }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, MaskKeyFault::Kind::lopsided_bit);
}

TEST(MaskKeys, OnlyWhatIsBeyondDisputeIsCertain) {
  using enum MaskKeyFault::Kind;
  const auto weight = [](MaskKeyFault::Kind kind) { return row(finding_kind(kind)).weight; };
  for (const auto kind : {constant, counting, predictable}) EXPECT_EQ(weight(kind), Weight::must);
  for (const auto kind : {repeating, stuck_bits, lopsided_bit}) EXPECT_EQ(weight(kind), Weight::should) << "C-17";
}

// RFC 6455 5.7 masks with 37 fa 21 3d.
TEST(MaskKeys, AreNumbersInNetworkOrder) {
  EXPECT_EQ(as_number({std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}}), 0x37fa213dU);
  EXPECT_EQ(describe({MaskKeyFault::Kind::constant, 3, 0x37fa213d}), "all 3 frames are masked with 37fa213d");
}

}  // namespace
}  // namespace ws::rules
