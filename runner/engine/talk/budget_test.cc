#include "runner/engine/talk/budget.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Budget, IsSpentOnceMoreIsTakenThanThereIs) {
  Budget budget(100);
  EXPECT_TRUE(budget.take(100));
  EXPECT_FALSE(budget.spent());
  EXPECT_FALSE(budget.take(1));
  EXPECT_TRUE(budget.spent());
  budget.give_back(100);
  EXPECT_FALSE(budget.take(1)) << "nothing is judged after the end";
}

TEST(Budget, GrantsAtMostTheHalfThatTheJudgeDoesNotNeed) {
  Budget budget(100);
  EXPECT_EQ(budget.grant(80), 50u);
  EXPECT_EQ(budget.grant(1), 0u);
  EXPECT_TRUE(budget.take(50));
  EXPECT_FALSE(budget.spent());
}

TEST(Budget, IsWiderByWhatWasSent) {
  Budget budget(100);
  budget.sent(1000);
  EXPECT_TRUE(budget.take(1100));
  budget.sent(Budget::kMostMore);
  budget.sent(Budget::kMostMore);
  EXPECT_FALSE(budget.take(Budget::kMostMore)) << "and no wider than this";
}

}  // namespace
}  // namespace touchstone
