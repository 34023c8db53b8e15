#include "reports/support/shell.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(ShellQuote, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quote("ws://127.0.0.1:9001/"), "ws://127.0.0.1:9001/");
  EXPECT_EQ(shell_quote("node server.js {port}"), "'node server.js {port}'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote(""), "''");
}

}  // namespace
}  // namespace touchstone
