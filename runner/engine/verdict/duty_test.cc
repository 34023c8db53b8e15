#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>
#include <ws/rules/duty.h>

namespace touchstone {
namespace {

using ws::testing::duty_of_sender;

TEST(Duty, EveryRuleAndDutyIsARequirement) {
  for (const ws::Rule& rule : ws::rules()) {
    EXPECT_NE(Catalogue::built_in().requirement(rule.requirement), nullptr) << rule.name << ": " << rule.requirement;
    for (const ws::Role sender : {ws::Role::client, ws::Role::server}) {
      const auto duty = duty_of_sender(rule.id, sender);
      EXPECT_TRUE(duty.empty() || Catalogue::built_in().requirement(duty) != nullptr) << rule.name << ": " << duty;
    }
  }
}

TEST(Duty, DoesNotBindTheReceiverOnly) {
  const auto* requirement =
      Catalogue::built_in().requirement(duty_of_sender(ws::Violation::mask_present, ws::Role::server));
  ASSERT_NE(requirement, nullptr);
  EXPECT_EQ(requirement->binds, "server");
}

TEST(Duty, BindsTheClientForItsRequest) {
  for (const auto violation : {ws::Violation::upgrade_missing, ws::Violation::version_unsupported}) {
    const auto* requirement = Catalogue::built_in().requirement(duty_of_sender(violation, ws::Role::client));
    ASSERT_NE(requirement, nullptr);
    EXPECT_EQ(requirement->binds, "client");
  }
}

}  // namespace
}  // namespace touchstone
