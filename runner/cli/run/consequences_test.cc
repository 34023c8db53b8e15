#include <gtest/gtest.h>
#include <ws/rules/finding.h>

#include "reports/causes.h"

namespace touchstone::cli {
namespace {

// Reports know kinds by their names only.
TEST(Consequences, AreOfKindsThatTheJudgeHas) {
  for (const Consequence& c : consequences()) {
    EXPECT_TRUE(ws::rules::finding_kind(c.source)) << c.source;
    EXPECT_TRUE(ws::rules::finding_kind(c.follows)) << c.follows;
  }
}

}  // namespace
}  // namespace touchstone::cli
