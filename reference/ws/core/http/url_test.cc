// ws and wss URLs, right and wrong. RFC 6455 3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/core/http/url.h>

namespace ws {
namespace {

using testing::HasSubstr;

TEST(Url, ReadsAllParts) {
  EXPECT_EQ(parse_url("ws://example.com:9001/chat?room=1"), Url("example.com", 9001, "/chat?room=1"));
  EXPECT_EQ(parse_url("wss://example.com"), Url(true, "example.com", 443));
}

TEST(Url, DefaultPortFollowsTheScheme) {
  EXPECT_EQ(parse_url("ws://h/")->port, 80);
  EXPECT_EQ(parse_url("wss://h/")->port, 443);
  EXPECT_EQ(parse_url("ws://h:/")->port, 80);  // RFC 3986 3.2.3: an empty port is the default
}

TEST(Url, SchemeComparesWithoutCase) {
  EXPECT_FALSE(parse_url("WS://h/")->secure);
  EXPECT_TRUE(parse_url("wSs://h/")->secure);
}

TEST(Url, EmptyPathBecomesSlash) {
  EXPECT_EQ(parse_url("ws://h")->target, "/");
  EXPECT_EQ(parse_url("ws://h?a=/b?c")->target, "/?a=/b?c");
}

TEST(Url, TakesIpv6InBrackets) {
  EXPECT_EQ(parse_url("ws://[::1]:9001/x"), Url("::1", 9001, "/x"));
  EXPECT_EQ(parse_url("ws://[::ffff:127.0.0.1]")->host, "::ffff:127.0.0.1");
}

TEST(Url, KeepsPercentEncoding) { EXPECT_EQ(parse_url("ws://h/%20%C3%A4?%23")->target, "/%20%C3%A4?%23"); }

struct Refusal {
  std::string_view url, sentence;
};
class UrlRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(UrlRefuses, AndNamesThePart) {
  const auto url = parse_url(GetParam().url);
  ASSERT_FALSE(url) << GetParam().url;
  EXPECT_THAT(url.error(), HasSubstr(GetParam().sentence)) << GetParam().url;
}

INSTANTIATE_TEST_SUITE_P(
    All, UrlRefuses,
    testing::Values(Refusal{"", "scheme is missing"}, Refusal{"localhost:80", "scheme is missing"},
                    Refusal{"http://h/", "scheme is 'http'"}, Refusal{"://h/", "scheme is ''"},
                    Refusal{"ws://h/#top", "fragment"}, Refusal{"ws://h#", "fragment"},
                    Refusal{"ws://me:secret@h/", "user name"}, Refusal{"ws://", "host is missing"},
                    Refusal{"ws:///path", "host is missing"}, Refusal{"ws://:80/", "host is missing"},
                    Refusal{"ws://a b/", "host contains the octet 0x20"}, Refusal{"ws://a%4/", "host has a '%'"},
                    Refusal{"ws://h\xc3\xa4/", "host contains the octet 0xC3"}, Refusal{"ws://h:x/", "port 'x'"},
                    Refusal{"ws://h:0/", "port '0'"}, Refusal{"ws://h:65536/", "port '65536'"},
                    Refusal{"ws://h:99999999999/", "port '99999999999'"}, Refusal{"ws://h:-1/", "port '-1'"},
                    Refusal{"ws://h:+1/", "port '+1'"}, Refusal{"ws://::1/", "must stand in brackets"},
                    Refusal{"ws://[::1/", "no closing ']'"}, Refusal{"ws://[::1]x/", "after the host's ']'"},
                    Refusal{"ws://[::g]/", "not an IPv6 address"}, Refusal{"ws://[fe80::1%25eth0]/", "not an IPv6"},
                    Refusal{"ws://[127.0.0.1]/", "not an IPv6 address"}, Refusal{"ws://h/a b", "path contains"},
                    Refusal{"ws://h/a\r\nX: y", "path contains the octet 0x0D"},
                    Refusal{"ws://h/%zz", "path has a '%'"}, Refusal{"ws://h/?%f", "query has a '%'"},
                    Refusal{"ws://h/?a<b", "query contains '<'"}, Refusal{"ws://h\\x/", "host contains '\\'"}));

TEST(Url, ShowsControlCharactersAsText) {
  EXPECT_EQ(parse_url("w\n\x1b[31ms://h/").error(), "the scheme is 'w\\x0a\\x1b[31ms', not ws or wss");
}

TEST(Url, HostFieldLeavesOutTheDefaultPort) {
  EXPECT_EQ(host_field({false, "h", 80, "/"}), "h");
  EXPECT_EQ(host_field({true, "h", 443, "/"}), "h");
  EXPECT_EQ(host_field({true, "h", 80, "/"}), "h:80");
  EXPECT_EQ(host_field({false, "::1", 9001, "/"}), "[::1]:9001");
}

TEST(Url, WritesWhatItReads) {
  for (const char* text : {"ws://h/", "wss://h:80/x?y", "ws://[2001:db8::1]:9001/?q"}) {
    EXPECT_EQ(to_string(*parse_url(text)), text);
  }
}

}  // namespace
}  // namespace ws
