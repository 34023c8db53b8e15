#include "reports/support/said.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Said, IsOneLine) {
  EXPECT_EQ(said("a\nb\tc"), "a b c");
  EXPECT_EQ(said("\x1b[31m\r\n"), "\xef\xbf\xbd[31m\xef\xbf\xbd ");
  EXPECT_EQ(said("\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Said, IsCutBetweenCodePoints) {
  EXPECT_EQ(said("abcdef", 4), "abcd... (2 more bytes)");
  EXPECT_EQ(said("ab\xe2\x82\xac", 4), "ab... (3 more bytes)");
  EXPECT_EQ(said("ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
}

TEST(WithoutCommands, BreaksThoseOfGitHubAndAzure) {
  EXPECT_EQ(without_commands("::error::x\n  ::stop-commands::y\na ::b"), "\\::error::x\n  \\::stop-commands::y\na ::b");
  EXPECT_EQ(without_commands("x ##[error]y ##vso[task]"), "x \\#\\#[error]y \\#\\#vso[task]");
  EXPECT_EQ(without_commands("###[group]").find("##["), std::string::npos);
  EXPECT_EQ(without_commands("# a :: b"), "# a :: b");
}

}  // namespace
}  // namespace touchstone
