// Redirections: relative, absolute, and those that are not followed.
#include <gtest/gtest.h>
#include <ws/io/redirect.h>

namespace ws::io {
namespace {

const Url kFrom(true, "example.com", 443, "/old");

ResponseHead to(const std::string& location) { return {.status = 301, .fields = {{"Location", location}}}; }

TEST(Redirect, IsTheStatusesThatNameAnotherPlace) {  // RFC 9110 15.4
  for (const int status : {301, 302, 303, 307, 308}) EXPECT_TRUE(is_redirect({.status = status}));
  for (const int status : {101, 200, 300, 304, 305, 306, 400}) EXPECT_FALSE(is_redirect({.status = status}));
}

TEST(Redirect, GoesToUrlsOfAllFourSchemesAndToPaths) {
  const struct {
    const char *location, *url;
  } rows[] = {{"wss://a.example/x", "wss://a.example/x"},
              {"https://a.example/x#y", "wss://a.example/x"},
              {"HTTPS://a.example", "wss://a.example/"},
              {"https://a.example:8443/", "wss://a.example:8443/"},
              {"/new?q=1#z", "wss://example.com/new?q=1"}};
  for (const auto& row : rows) {
    const auto url = redirect_target(to(row.location), kFrom);
    ASSERT_TRUE(url) << row.location << ": " << url.error();
    EXPECT_EQ(to_string(*url), row.url);
  }
}

TEST(Redirect, RefusesWhatIsUnclearOrUnsafe) {
  for (const char* location : {"", "mailto:a", "//a.example/x", "new", "http://a.example/x", "ws://example.com/old"})
    EXPECT_FALSE(redirect_target(to(location), kFrom)) << location;
  EXPECT_FALSE(redirect_target({.status = 301}, kFrom));
  EXPECT_FALSE(redirect_target({.status = 301, .fields = {{"Location", "/a"}, {"Location", "/b"}}}, kFrom));
  Url plain = kFrom;
  plain.secure = false;
  EXPECT_TRUE(redirect_target(to("http://a.example/x"), plain));
}

TEST(Redirect, AnotherPortIsAnotherOrigin) {  // RFC 6454 4
  Url other = kFrom;
  other.host = "EXAMPLE.com";
  EXPECT_TRUE(same_origin(kFrom, other));
  other.port = 8443;
  EXPECT_FALSE(same_origin(kFrom, other));
}

}  // namespace
}  // namespace ws::io
