// What is due when, and what stays owed.
#include "runner/bench/schedule.h"

#include <gtest/gtest.h>

namespace touchstone::bench {
namespace {

using std::chrono::milliseconds;

TEST(Schedule, ConnectionsTakeTurnsAtTheRate) {
  const Schedule::Clock::time_point begin{};
  Schedule schedule(begin, 1000, 3);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(schedule.next_at(), begin + milliseconds(i));
    EXPECT_EQ(schedule.next(begin + milliseconds(i)), i % 3);
    EXPECT_EQ(schedule.next(begin + milliseconds(i)), std::nullopt);
  }
}

TEST(Schedule, WhatCouldNotBeSentKeepsTheMomentForWhichItWasMeant) {
  const Schedule::Clock::time_point begin{};
  Schedule schedule(begin, 1000, 2);
  while (schedule.next(begin + milliseconds(5))) {
  }
  // Connection 1 owes what was due after 1, 3 and 5 ms.
  std::size_t owed = 0;
  schedule.for_each_owed(begin + milliseconds(2), begin + milliseconds(5), [&](auto) { ++owed; });
  EXPECT_EQ(owed, 3u);  // 2, 3 and 4 ms
  EXPECT_EQ(schedule.owed(1), begin + milliseconds(1));
  EXPECT_EQ(schedule.owed(1), begin + milliseconds(3));
  EXPECT_EQ(schedule.owed(1), begin + milliseconds(5));
  EXPECT_EQ(schedule.owed(1), std::nullopt);
  EXPECT_EQ(schedule.owed(0), begin);
}

}  // namespace
}  // namespace touchstone::bench
