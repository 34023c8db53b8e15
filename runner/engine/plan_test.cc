#include "runner/engine/plan.h"

#include "runner/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<const Case*> chosen(std::initializer_list<const char*> ids) {
  std::vector<const Case*> cases;
  for (const char* id : ids) {
    cases.push_back(Catalogue::built_in().find(id));
    EXPECT_NE(cases.back(), nullptr) << id;
  }
  return cases;
}

const Case* bulk_case() {
  for (const Case& c : Catalogue::built_in().cases())
    if (c.bulk) return &c;
  return nullptr;
}

TEST(Plan, GivesBulkCasesAQuarterOfTheMachine) {
  const Case* bulk = bulk_case();
  ASSERT_NE(bulk, nullptr);
  std::vector<const Case*> cases = chosen({"framing/echo/text-125-whole"});
  cases.push_back(bulk);
  RunOptions options;
  options.jobs = 12;
  const Plan plan = plan_of(cases, options);
  ASSERT_THAT(plan.passes, SizeIs(5));
  EXPECT_THAT(plan.passes[0].cases, ElementsAre(&plan.cases[0]));
  EXPECT_EQ(plan.passes[0].jobs, 12u);
  EXPECT_THAT(plan.passes[2].cases, ElementsAre(&plan.cases[1]));
  EXPECT_EQ(plan.passes[2].jobs, 3u);
  EXPECT_THAT(plan.passes[3].cases, IsEmpty());
}

TEST(Plan, SkipsWhatTheEndpointCannotBeAskedAndSaysWhy) {
  RunOptions options;
  options.endpoint.largest_message = 1000;
  options.endpoint.without_close = Limit::message;
  const Plan plan = plan_of(chosen({"framing/echo/text-125-whole", "framing/echo/text-65535-whole"}), options);
  EXPECT_THAT(plan.cases, SizeIs(1));
  ASSERT_THAT(plan.skipped, SizeIs(1));
  EXPECT_EQ(plan.skipped[0].c.id, "framing/echo/text-65535-whole");
  EXPECT_THAT(plan.skipped[0].why, HasSubstr("1000"));
  EXPECT_TRUE(plan.skipped[0].without_close);
}

}  // namespace
}  // namespace touchstone
