#include "runner/engine/talk/memory_rounds.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::uint32_t kConnections = 100;
constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

// After each round, until it is settled.
template <class Octets>
MemoryRounds after(const Octets& octets) {
  MemoryRounds memory(kConnections);
  for (std::uint64_t round = 0; !memory.settled(); ++round) memory.add(octets(round));
  return memory;
}

TEST(MemoryRounds, WhatIsKeptOfEveryConnectionShows) {
  for (const std::uint64_t kept : {16 * kKiB, 20 * kKiB, 256 * kKiB, 4 * kMiB}) {
    const MemoryRounds memory = after([&](std::uint64_t round) { return 30 * kMiB + round * kConnections * kept; });
    EXPECT_TRUE(memory.grow_without_end()) << kept;
  }
}

TEST(MemoryRounds, WhatDoesNotGrowEndsAtOnce) {
  const MemoryRounds memory = after([](std::uint64_t) { return 30 * kMiB; });
  EXPECT_FALSE(memory.grow_without_end());
  EXPECT_EQ(memory.rounds(), 2U);
}

// A heap grows up to where it is collected.
TEST(MemoryRounds, AHeapThatIsCollectedIsNoLeak) {
  for (const std::uint64_t most : {5 * kMiB, 40 * kMiB}) {
    const MemoryRounds memory =
        after([&](std::uint64_t round) { return 30 * kMiB + std::min(round * kConnections * 100 * kKiB, most); });
    EXPECT_FALSE(memory.grow_without_end()) << most;
  }
}

TEST(MemoryRounds, SmallChangeNeverEndsInABlame) {
  const MemoryRounds memory = after([](std::uint64_t round) { return 30 * kMiB + round * kConnections * 9 * kKiB; });
  EXPECT_FALSE(memory.grow_without_end());
  EXPECT_EQ(memory.rounds(), MemoryRounds::kMostRounds);
}

}  // namespace
}  // namespace touchstone
