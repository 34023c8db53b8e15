// Cookies, against the grammar and the examples of RFC 6265.
#include <gtest/gtest.h>
#include <ws/io/cookie.h>

namespace ws::io {
namespace {

using Cookies = std::vector<Cookie>;

TEST(Cookie, ARequestCarriesThemInOneField) {  // RFC 6265 3.1
  const auto field = cookie_field({{"SID", "31d4d96e407aad42"}, {"lang", "en-US"}});
  ASSERT_TRUE(field);
  EXPECT_EQ(*field, (Field{"Cookie", "SID=31d4d96e407aad42; lang=en-US"}));
}

TEST(Cookie, WhatNoFieldCanCarryIsNamed) {
  for (const Cookie& bad :
       Cookies{{"", "x"}, {"a b", "x"}, {"a", "x;y"}, {"a", "x y"}, {"a", "\r\nX: y"}, {"a", "\""}}) {
    const auto field = cookie_field({{"good", "1"}, bad});
    ASSERT_FALSE(field) << bad.name << "=" << bad.value;
    EXPECT_NE(field.error().find("\"" + bad.name + "\""), std::string::npos);
  }
  EXPECT_TRUE(cookie_field({{"empty", ""}}));
}

TEST(Cookie, AServerReadsThem) {
  const RequestHead request{.fields = {{"cookie", "SID=31d4; lang=\"en\"; ;=x; flag; a=b=c"}, {"Cookie", "more=1"}}};
  EXPECT_EQ(cookies_of(request), (Cookies{{"SID", "31d4"}, {"lang", "\"en\""}, {"a", "b=c"}, {"more", "1"}}));
  EXPECT_EQ(cookies_of(RequestHead()), Cookies());
}

TEST(Cookie, AClientReadsWhatIsSet) {  // RFC 6265 3.1
  const ResponseHead response{.status = 101,
                              .fields = {{"Set-Cookie", "SID=31d4d96e407aad42; Path=/; Secure; HttpOnly"},
                                         {"set-cookie", "lang=en-US"},
                                         {"Set-Cookie", "broken"}}};
  EXPECT_EQ(cookies_set_by(response), (Cookies{{"SID", "31d4d96e407aad42"}, {"lang", "en-US"}}));
}

}  // namespace
}  // namespace ws::io
