#include "runner/engine/boundary_coverage.h"

#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/generated_axes.h"
#include "runner/catalogue/lint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(BoundaryCoverage, HasACaseForEverySize) {
  for (const Side side : {Side::server, Side::client}) {
    for (const BoundaryRow& row : boundary_coverage(Catalogue::built_in().cases(), side).rows) {
      EXPECT_TRUE(row.missing.empty()) << row.dimension << ", " << row.property << ": "
                                       << ::testing::PrintToString(row.missing);
    }
  }
}

TEST(BoundaryCoverage, ArraysOfTheCatalogueCoverWhatTheySay) {
  const auto groups = covering_groups(built_in_files());
  EXPECT_GE(groups.size(), 3U);
  for (const CoveringGroup& group : groups) {
    EXPECT_GE(group.strength, 2U) << group.id;
    EXPECT_EQ(group.combinations.covered, group.combinations.all) << group.id;
    EXPECT_GT(group.combinations.all, group.cases) << group.id;
  }
}

std::vector<std::string> sizes_of_text(std::string_view text) {
  Case c;
  c.sides = {Side::server};
  c.steps = {{step::Message{.payload = {recipe::Literal{ws::to_bytes(text)}}, .parts = {}}}};
  std::vector<std::string> all;
  for (const BoundaryRow& row : boundary_coverage(std::span(&c, 1), Side::server).rows) {
    if (row.covered > 0) all.push_back(fmt::format("{}, {}", row.dimension, row.property));
  }
  return all;
}

TEST(BoundaryCoverage, MeasuresWhatIsSent) {
  EXPECT_EQ(sizes_of_text(std::string(16, 'x')),
            (std::vector<std::string>{"message, whole", "message, text of ASCII", "frame, uncompressed"}));
  EXPECT_EQ(sizes_of_text(std::string(18, 'x')), std::vector<std::string>{});
  // Offset 16: the octets before are whole code points, the surrogate's second octet is the impossible one.
  EXPECT_EQ(sizes_of_text(std::string(14, 'x') + "\u00e9\xed\xa0\x80"),
            (std::vector<std::string>{"offset of the fault, whole", "offset of the fault, uncompressed",
                                      "offset of the fault, other text"}));
}

}  // namespace
}  // namespace touchstone
