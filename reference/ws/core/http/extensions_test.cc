// The grammar of extension lists, right and wrong. RFC 6455 9.1.
#include <ws/core/http/extensions.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

std::string reread(std::string_view value) {
  const auto extensions = parse_extensions(value);
  return extensions ? serialize(*extensions) : std::string(rule(extensions.error()).name);
}

TEST(Extensions, ReadListsOfElementsWithParameters) {
  EXPECT_EQ(reread("foo"), "foo");
  EXPECT_EQ(reread("foo;a;b=c , bar"), "foo; a; b=c, bar");
  EXPECT_EQ(reread(" foo ; a = \"b\" ,, \t,bar,"), "foo; a=b, bar");
}

TEST(Extensions, QuotedValuesMeanTheSameAsTokens) {  // RFC 6455 9.1
  EXPECT_EQ(parse_extensions("foo; a=\"x\""), parse_extensions("foo; a=x"));
  EXPECT_EQ(parse_extensions("foo; a=\"\\x\\1\""), parse_extensions("foo; a=x1"));
}

TEST(Extensions, RefuseWhatBreaksTheGrammar) {
  for (const auto* value : {"",
                            ",",
                            " , ",
                            ";",
                            "foo;",
                            "foo;;a",
                            "foo; =b",
                            "foo; a=",
                            "foo; a=\"\"",
                            "foo; a=\"b",
                            "foo; a=\"b c\"",
                            "foo; a=\"b\\",
                            "foo bar",
                            "foo; a b",
                            "foo; a=b c",
                            "foo; a=\"b\"c",
                            "f\"oo",
                            "foo=bar",
                            "foo; a=b=c",
                            "\xc3\xa9"})
    EXPECT_EQ(reread(value), "extensions-malformed") << value;
}

TEST(Extensions, SeveralFieldsAreOneList) {  // RFC 6455 9.1
  const std::vector<Field> fields = {
      {"Sec-WebSocket-Extensions", "a"}, {"Host", "x"}, {"sec-websocket-extensions", "b; c"}};
  EXPECT_EQ(serialize(*parse_extensions(fields)), "a, b; c");
  EXPECT_TRUE(parse_extensions(std::vector<Field>{})->empty());
  EXPECT_FALSE(parse_extensions(std::vector<Field>{{"Sec-WebSocket-Extensions", " "}}));
  EXPECT_TRUE(
      parse_extensions(std::vector<Field>{{"Sec-WebSocket-Extensions", ""}, {"Sec-WebSocket-Extensions", "a"}}));
}

}  // namespace
}  // namespace ws
