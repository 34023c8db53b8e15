#include "runner/engine/duty.h"

#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Duty, EveryRuleAndDutyIsARequirement) {
  for (const ws::Rule& rule : ws::rules()) {
    EXPECT_NE(Catalogue::built_in().requirement(rule.requirement), nullptr) << rule.name << ": " << rule.requirement;
    const auto duty = duty_of_sender(rule.id);
    EXPECT_TRUE(duty.empty() || Catalogue::built_in().requirement(duty) != nullptr) << rule.name << ": " << duty;
  }
}

TEST(Duty, DoesNotBindTheReceiverOnly) {
  const auto* requirement = Catalogue::built_in().requirement(duty_of_sender(ws::Violation::mask_present));
  ASSERT_NE(requirement, nullptr);
  EXPECT_EQ(requirement->binds, "server");
}

}  // namespace
}  // namespace touchstone
