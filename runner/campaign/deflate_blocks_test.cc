#include "runner/campaign/deflate_blocks.h"

#include "runner/campaign/contents.h"

#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>

namespace touchstone::fuzz {
namespace {

ws::Bytes inflated(ws::Inflater& inflater, const ws::Bytes& data) {
  constexpr std::uint64_t kLimit = 1'000'000;
  ws::Bytes out;
  EXPECT_TRUE(inflater.inflate(data, kLimit, out) && inflater.finish(kLimit, out));
  return out;
}

// zlib is the other side.
TEST(DeflateBlocks, InflateToWhatTheySay) {
  Dice dice(1);
  for (const bool final : {false, true}) {
    ws::Inflater inflater(15, true);
    const ws::Bytes octets = octets_of_length(dice, 700), more = octets_of_length(dice, 300);
    DeflateBlocks blocks;
    blocks.stored(octets);
    blocks.fixed(more, 0, 0, final);
    blocks.stored({});
    ws::Bytes both = octets;
    ws::append(both, more);
    EXPECT_EQ(inflated(inflater, blocks.take()), both);
  }
}

TEST(DeflateBlocks, ReachBackAsFarAsToldIntoEarlierMessages) {
  Dice dice(2);
  const ws::Bytes history = octets_of_length(dice, 40'000);
  for (const std::uint32_t distance :
       {1U, 2U, 4U, 5U, 6U, 8U, 9U, 255U, 256U, 257U, 1000U, 4097U, 24577U, 32767U, 32768U}) {
    for (const std::uint32_t length : {3U, 4U, 10U, 11U, 12U, 18U, 19U, 35U, 67U, 130U, 131U, 257U, 258U}) {
      ws::Inflater inflater(15, false);
      DeflateBlocks first, second;
      first.stored(history);
      EXPECT_EQ(inflated(inflater, first.take()), history);
      second.fixed({}, distance, length);
      ws::Bytes expected;
      for (std::size_t i = 0; i < length; ++i) expected.push_back(history[history.size() - distance + i % distance]);
      EXPECT_EQ(inflated(inflater, second.take()), expected) << distance << " " << length;
    }
  }
}

TEST(DeflateBlocks, OfTheTypeThatDoesNotExistAreCorrupt) {
  ws::Inflater inflater(15, true);
  DeflateBlocks blocks;
  blocks.reserved();
  ws::Bytes out;
  EXPECT_FALSE(inflater.inflate(blocks.take(), 1000, out) && inflater.finish(1000, out));
}

}  // namespace
}  // namespace touchstone::fuzz
