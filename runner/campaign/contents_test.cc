#include "runner/campaign/contents.h"

#include <ws/core/utf8.h>

#include <gtest/gtest.h>

#include <set>

namespace touchstone::fuzz {
namespace {

using ws::is_utf8;

TEST(Contents, TextsAreUtf8AndAsLongAsTold) {
  Dice dice(1);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t length = i < 1000 ? static_cast<std::uint64_t>(i) : boundary(dice, 140'000);
    const ws::Bytes text = text_of_length(dice, length);
    EXPECT_EQ(text.size(), length);
    EXPECT_TRUE(is_utf8(text));
    EXPECT_TRUE(is_utf8(delicate_text(dice)));
    EXPECT_TRUE(is_utf8(long_code_point(dice)));
    EXPECT_FALSE(is_utf8(bad_code_point(dice)));
  }
}

TEST(Contents, BoundariesReachEveryPowerFromBothSides) {
  Dice dice(2);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20'000; ++i) seen.insert(boundary(dice, 140'000));
  for (unsigned power = 4; power <= 17; ++power) {
    for (const std::uint64_t near : {-1, 0, 1}) EXPECT_TRUE(seen.contains((std::uint64_t{1} << power) + near)) << power;
  }
  for (int i = 0; i < 2000; ++i) EXPECT_LE(any_length(dice, 300), 300u);
}

TEST(Contents, CutsInsideOfCodePointsAreTails) {
  EXPECT_EQ(inside_code_points(ws::as_octets("a\xE2\x82\xAC"
                                             "b")),
            (std::vector<std::size_t>{2, 3}));
}

}  // namespace
}  // namespace touchstone::fuzz
