// Origins of the same host, of patterns, and of others.
#include <gtest/gtest.h>
#include <ws/io/origin.h>

namespace ws::io {
namespace {

RequestHead request_from(const std::string& origin, const std::string& host = "example.com") {
  return {.method = "GET", .target = "/", .fields = {{"Host", host}, {"origin", origin}}};
}

bool passes(const std::string& origin, const Origins& allowed, const std::string& host = "example.com") {
  return !refuse_origin(request_from(origin, host), allowed);
}

TEST(Origin, APatternIsBlindForCase) {
  EXPECT_TRUE(matches_pattern("*.Example.com", "a.b.eXample.com"));
  EXPECT_FALSE(matches_pattern("*.example.com", "example.com"));
  EXPECT_FALSE(matches_pattern("a?c", "abc"));
}

TEST(Origin, ProgramsWithoutOnePass) {
  EXPECT_FALSE(refuse_origin({.method = "GET", .target = "/", .fields = {{"Host", "example.com"}}}, Origins()));
}

TEST(Origin, TheServersOwnHostPasses) {
  const Origins own;
  EXPECT_TRUE(passes("https://example.com", own));
  EXPECT_TRUE(passes("http://EXAMPLE.com", own));
  EXPECT_TRUE(passes("http://example.com:8080", own, "example.com:8080"));
  EXPECT_TRUE(passes("http://[::1]:9001", own, "[::1]:9001"));
  EXPECT_TRUE(passes("http://example.com", own, "example.com:80"));  // the default port may stand there
  EXPECT_TRUE(passes("https://example.com", own, "example.com:443"));
  EXPECT_FALSE(passes("https://example.com", own, "example.com:80"));
  EXPECT_FALSE(passes("http://example.com:8080", own));
  EXPECT_FALSE(passes("https://evil.com", own));
  EXPECT_FALSE(passes("https://example.com.evil.com", own));
  EXPECT_FALSE(passes("https://evil-example.com", own));
}

TEST(Origin, OthersPassByPattern) {
  Origins allowed;
  allowed.patterns = {"*.example.org", "https://app.example.net", "localhost:*"};
  EXPECT_TRUE(passes("http://a.example.org", allowed));
  EXPECT_TRUE(passes("https://A.B.EXAMPLE.org", allowed));
  EXPECT_FALSE(passes("https://example.org", allowed));
  EXPECT_FALSE(passes("https://a.example.org:8443", allowed));
  EXPECT_TRUE(passes("https://app.example.net", allowed));
  EXPECT_FALSE(passes("http://app.example.net", allowed));
  EXPECT_TRUE(passes("http://localhost:3000", allowed));
  EXPECT_FALSE(passes("http://localhost", allowed));
  EXPECT_TRUE(passes("https://example.com", allowed));  // the own host still does
  allowed.same_host = false;
  EXPECT_FALSE(passes("https://example.com", allowed));
}

TEST(Origin, TricksWithTheFormDoNotPass) {
  Origins allowed;
  allowed.patterns = {"*.example.org", "https://*.example.org"};
  for (const char* origin : {"https://evil.com/.example.org", "https://evil.com?.example.org", "evil.com/a.example.org",
                             "https://evil.com#.example.org", "https://evil.com\\.example.org", "://a.example.org",
                             "https://user@a.example.org", "https://a.example.org https://evil.com", "", "null"})
    EXPECT_FALSE(passes(origin, allowed)) << origin;
}

TEST(Origin, NullNeedsItsOwnPattern) {  // RFC 6454 7.1: sandboxed documents, files
  Origins allowed;
  allowed.patterns = {"*"};
  EXPECT_FALSE(passes("null", allowed));
  EXPECT_TRUE(passes("https://any.where", allowed));
  allowed.patterns = {"null"};
  EXPECT_TRUE(passes("null", allowed));
}

TEST(Origin, SeveralAreRefusedUnlessAnyMayConnect) {
  RequestHead request = request_from("https://example.com");
  request.fields.push_back({"Origin", "https://evil.com"});
  EXPECT_EQ(refuse_origin(request, Origins()), "the request has several Origin fields");
  EXPECT_FALSE(refuse_origin(request, any_origin()));
}

TEST(Origin, TheReasonNamesTheOrigin) {
  EXPECT_EQ(refuse_origin(request_from("https://evil.com"), Origins()),
            "the origin https://evil.com may not connect here");
}

}  // namespace
}  // namespace ws::io
