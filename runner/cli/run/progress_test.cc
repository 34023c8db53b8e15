#include "runner/cli/run/progress.h"

#include "runner/cli/text.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

ProgressState half() {
  ProgressState state;
  state.done = 260;
  state.total = 520;
  state.failed = 2;
  state.weight_done = 100;
  state.weight_total = 200;
  state.elapsed = milliseconds(12'000);
  state.running = {"a/long-one", "close/code-valid/1000"};
  return state;
}

TEST(Progress, ShowsCountFailuresTimeAndTheCurrentCase) {
  EXPECT_EQ(progress_line(half(), 200, false),
            "[##########----------] 260/520  2 failed  12 s left  close/code-valid/1000");
}

TEST(Progress, FitsTheTerminal) {
  for (std::size_t width = 0; width < 90; ++width) {
    EXPECT_LE(columns(progress_line(half(), width, false)), width);
  }
}

TEST(Progress, ColoursOnlyFailures) {
  EXPECT_THAT(progress_line(half(), 200, true), HasSubstr("\x1b[31m2 failed\x1b[0m"));
  ProgressState state = half();
  state.failed = 0;
  EXPECT_THAT(progress_line(state, 200, true), Not(HasSubstr("\x1b")));
}

TEST(Progress, GuessesTheTimeLeftByWeight) {
  ProgressState state = half();
  state.weight_done = 50;  // half the cases, but a quarter of the octets
  EXPECT_EQ(time_left(state), milliseconds(36'000));
}

TEST(Progress, DoesNotGuessFromNothing) {
  EXPECT_EQ(time_left(ProgressState{}), std::nullopt);
  ProgressState state = half();
  state.elapsed = milliseconds(20);
  EXPECT_EQ(time_left(state), std::nullopt);
}

TEST(Progress, SurvivesARunOfNothing) {
  EXPECT_EQ(progress_line(ProgressState{}, 80, true), "[--------------------] 0/0  0 failed");
}

TEST(Progress, IsAPlainSentenceInALog) {
  EXPECT_EQ(plain_line(half()), "260/520 done, 2 failed, 12 s left");
  ProgressState state = half();
  state.done = state.total;
  EXPECT_EQ(plain_line(state), "520/520 done, 2 failed, 12 s");
}

}  // namespace
}  // namespace touchstone::cli
