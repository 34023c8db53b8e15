#include "reports/result/result.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Names, ReadBack) {
  for (int i = 0; i < 7; ++i) EXPECT_EQ(behavior_from(name(static_cast<Behavior>(i))), static_cast<Behavior>(i));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(closing_from(name(static_cast<Closing>(i))), static_cast<Closing>(i));
  EXPECT_EQ(behavior_from("ok"), std::nullopt);
  EXPECT_EQ(closing_from(""), std::nullopt);
}

TEST(TotalsLine, CountsEveryVerdict) {
  std::vector<Result> results(5);
  results[0].behavior = Behavior::ok;
  results[1].behavior = Behavior::ok;
  results[2].behavior = Behavior::non_strict;
  results[3].behavior = Behavior::failed;
  EXPECT_EQ(totals_line(results),
            "5 cases: 2 OK, 1 NON-STRICT, 0 INFORMATIONAL, 0 UNIMPLEMENTED, 0 NOT-APPLICABLE, 1 FAILED, 1 ERRORED");
}

TEST(TotalsLine, SaysHowManyCasesAreHidden) {
  std::vector<Result> results(1);
  results[0].behavior = Behavior::not_applicable;
  results[0].hidden = true;
  EXPECT_EQ(
      totals_line(results),
      "1 case: 0 OK, 0 NON-STRICT, 0 INFORMATIONAL, 0 UNIMPLEMENTED, 1 NOT-APPLICABLE, 0 FAILED, 0 ERRORED, 1 hidden");
}

}  // namespace
}  // namespace touchstone
