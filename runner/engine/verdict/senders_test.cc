// The table of violations against the list of requirements: each cites what binds the side that it is about.
#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>
#include <ws/core/violation.h>
#include <ws/rules/codes.h>

namespace touchstone {
namespace {

using ws::Role;

TEST(Senders, EveryRuleIsARequirement) {
  for (const ws::Rule& rule : ws::all_rules())
    EXPECT_NE(Catalogue::built_in().requirement(rule.requirement), nullptr) << rule.name << ": " << rule.requirement;
}

TEST(Senders, WhatASideSendsBreaksAMustOfThatSide) {
  for (const ws::Rule& rule : ws::all_rules()) {
    for (const Role sender : {Role::client, Role::server}) {
      const auto column = sender == Role::client ? rule.sent_by_client : rule.sent_by_server;
      if (column == "-") continue;
      const auto* requirement = Catalogue::built_in().requirement(column);
      ASSERT_NE(requirement, nullptr) << rule.name << ": " << column;
      EXPECT_TRUE(requirement->level.starts_with("MUST")) << rule.name << ": " << column;
      EXPECT_NE(requirement->binds, sender == Role::client ? "server" : "client") << rule.name << ": " << column;
    }
  }
}

TEST(Senders, CodesThatMayNotBeSentBreakAMustNot) {
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    const auto* requirement = Catalogue::built_in().requirement(ws::rules::requirement_of_sending(code));
    ASSERT_NE(requirement, nullptr) << code;
    EXPECT_EQ(requirement->level, "MUST NOT") << code;
  }
}

}  // namespace
}  // namespace touchstone
