#include "runner/catalogue/generated_axes.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Covering, MeetsEveryTwoValues) {
  const std::vector<std::size_t> sizes{42, 3, 3, 3, 2, 3};
  const auto rows = covering_array(sizes, 2, 1);
  const auto found = combinations(sizes, 2, rows);
  EXPECT_EQ(found.covered, found.all);
  // 42 x 3 pairs cannot be had in fewer; the product would be 6804.
  EXPECT_GE(rows.size(), 126U);
  EXPECT_LE(rows.size(), 160U);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_LT(row[i], sizes[i]);
  }
}

TEST(Covering, MeetsEveryThreeValues) {
  const std::vector<std::size_t> sizes{3, 4, 2, 3};
  const auto found = combinations(sizes, 3, covering_array(sizes, 3, 7));
  EXPECT_EQ(found.covered, found.all);
  EXPECT_EQ(found.all, 3U * 4 * 2 + 3 * 4 * 3 + 3 * 2 * 3 + 4 * 2 * 3);
}

TEST(Covering, CountsWhatIsMissing) {
  const std::vector<std::size_t> sizes{2, 2};
  const auto found = combinations(sizes, 2, {{0, 0}, {1, 1}, {0, 0}});
  EXPECT_EQ(found.covered, 2U);
  EXPECT_EQ(found.all, 4U);
}

TEST(Covering, IsTheSameForTheSameSeed) {
  const std::vector<std::size_t> sizes{5, 4, 3};
  EXPECT_EQ(covering_array(sizes, 2, 9), covering_array(sizes, 2, 9));
  EXPECT_NE(covering_array(sizes, 2, 9), covering_array(sizes, 2, 10));
  EXPECT_TRUE(covering_array({}, 2, 1).empty());
}

}  // namespace
}  // namespace touchstone
