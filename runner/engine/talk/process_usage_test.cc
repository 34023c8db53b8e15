#include "runner/engine/talk/process_usage.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <thread>

namespace touchstone {
namespace {

double share_of_this_process() {
  const auto start = std::chrono::steady_clock::now();
  const ProcessUsage before = usage_of(getpid());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return share_between(before, usage_of(getpid()), std::chrono::steady_clock::now() - start);
}

// However little of the processor it gets: a machine that is busy with other things hides nobody.
TEST(ProcessUsage, ShowsAThreadThatNeverRests) {
  std::atomic<bool> over = false;
  std::thread spins([&] {
    while (!over) continue;
  });
  EXPECT_GT(share_of_this_process(), 0.35);
  over = true;
  spins.join();
}

TEST(ProcessUsage, IsNothingOfAProcessAtRest) { EXPECT_LT(share_of_this_process(), 0.2); }

// Halved: who is always ready to run, and never runs, is busy too.
TEST(ProcessUsage, CountsTheTimeOnTheRunQueue) {
  using std::chrono::milliseconds;
  ProcessUsage before, after;
  after.cpu = milliseconds(20);
  after.runnable = milliseconds(200);
  EXPECT_DOUBLE_EQ(share_between(before, after, milliseconds(200)), 0.5);
  after.runnable = milliseconds(60);
  EXPECT_DOUBLE_EQ(share_between(before, after, milliseconds(200)), 0.1);
}

TEST(ProcessUsage, AtRestIsMeasuredNoLongerThanItIsWanted) {
  const auto start = std::chrono::steady_clock::now();
  (void)cpu_at_rest(getpid(), [] { return true; });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace touchstone
