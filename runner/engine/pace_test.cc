#include "runner/engine/pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using std::chrono::milliseconds;

class PaceTest : public ::testing::Test {
 protected:
  // So many open, one after the other, as soon as they may; how long that takes.
  milliseconds open(int connections) {
    const auto start = now_;
    for (int i = 0; i < connections; ++i) {
      now_ = std::max(now_, pace_.next(now_));
      pace_.asked(now_);
      now_ += milliseconds(1);
      pace_.opened(now_);
    }
    return std::chrono::duration_cast<milliseconds>(now_ - start);
  }

  Pace pace_;
  Pace::Clock::time_point now_{};
};

TEST_F(PaceTest, IsFreeWhereNobodyIsTurnedAway) { EXPECT_EQ(open(2000), milliseconds(2000)); }

TEST_F(PaceTest, StaysBelowWhatWasTakenInASecond) {
  open(20);
  pace_.turned_away(now_);
  const auto took = open(54);  // 18 a second
  EXPECT_GE(took, milliseconds(2900));
  EXPECT_LE(took, milliseconds(3100));
}

TEST_F(PaceTest, AsksForOneASecondAtLeast) {
  pace_.turned_away(now_);
  open(1);
  EXPECT_EQ(pace_.next(now_) - now_, milliseconds(999));
}

TEST_F(PaceTest, TriesMoreAfterThreeQuietSeconds) {
  open(20);
  pace_.turned_away(now_);
  open(54);
  EXPECT_LT(open(80), milliseconds(4500));  // 20 a second
}

// Of connections that were opened elsewhere it knows nothing.
TEST_F(PaceTest, GivesUpAFifthAtMost) {
  open(20);
  pace_.turned_away(now_);
  now_ += std::chrono::seconds(2);
  pace_.turned_away(now_);
  EXPECT_EQ(open(14), milliseconds(14));
  EXPECT_GT(pace_.next(now_), now_);
}

}  // namespace
}  // namespace touchstone
