#include <gtest/gtest.h>
#include <ws/core/close.h>
#include <ws/rules/codes.h>

namespace ws::rules {
namespace {

TEST(Codes, TheStrictStacksCodeIsTheFirstThatFits) {
  for (const Rule& rule : ws::all_rules()) {
    if (rule.close_code == 0) continue;
    EXPECT_EQ(fitting_codes(rule.id).front(), rule.close_code) << rule.name;
    EXPECT_TRUE(fits(rule.id, rule.close_code)) << rule.name;
  }
}

// RFC 6455 7.4.1: none of the codes that fit a fault says that all is well, and all of them may be sent.
TEST(Codes, WhatFitsAFaultSaysError) {
  for (const Rule& rule : ws::all_rules()) {
    for (const std::uint16_t code : fitting_codes(rule.id)) {
      EXPECT_TRUE(says_error(code)) << rule.name << ' ' << code;
      EXPECT_TRUE(close_code_on_wire(code)) << rule.name << ' ' << code;
    }
  }
}

TEST(Codes, FitOnlyTheirOwnFaults) {
  EXPECT_FALSE(fits(Violation::reserved_bit, close_code::kInvalidPayload));
  EXPECT_FALSE(fits(Violation::text_not_utf8, close_code::kProtocolError));  // C-30: weak
  EXPECT_TRUE(fits(Violation::close_reason_not_utf8, close_code::kProtocolError));
  EXPECT_TRUE(fits(Violation::deflate_corrupt, close_code::kInternalError));
  EXPECT_FALSE(fits(Violation::reserved_opcode, close_code::kNormal));
}

TEST(Codes, SayErrorOnlyWhereSomethingWentWrong) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1001, 1010, 1012, 1013, 1014, 3000, 4999})
    EXPECT_FALSE(says_error(code)) << code;
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1002, 1003, 1007, 1008, 1009, 1011})
    EXPECT_TRUE(says_error(code)) << code;
}

TEST(Codes, OfTheApplicationAreNeverSent) {
  for (std::uint32_t code = 0; code <= 65535; ++code) {
    if (is_only_local(static_cast<std::uint16_t>(code))) {
      EXPECT_FALSE(close_code_on_wire(static_cast<std::uint16_t>(code))) << code;
    }
    if (accuses(static_cast<std::uint16_t>(code))) {
      EXPECT_TRUE(says_error(static_cast<std::uint16_t>(code))) << code;
    }
  }
}

// Only what fails a connection in the first place can be left open, or be seen late.
TEST(Codes, LatitudeIsAboutFaultsInFrames) {
  for (const Rule& rule : ws::all_rules()) {
    EXPECT_TRUE(rule.close_code != 0 || (!may_be_taken(rule.id) && !shows_with_the_message(rule.id))) << rule.name;
    EXPECT_TRUE(!is_about_size(rule.id) || may_be_taken(rule.id)) << rule.name;
  }
}

}  // namespace
}  // namespace ws::rules
