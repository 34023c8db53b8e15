#include "runner/serve/trust.h"

#include <gtest/gtest.h>

namespace touchstone::serve {
namespace {

bool allows(const Trust& trust, std::string host, std::string origin, bool plain = false) {
  ws::RequestHead head;
  if (!host.empty()) head.fields.push_back({"Host", std::move(host)});
  if (!origin.empty()) head.fields.push_back({"Origin", std::move(origin)});
  return trust.objection(head, plain).empty();
}

TEST(Trust, LetsInPagesOfThisMachineAndOfTheSameHost) {
  const Trust trust({});
  EXPECT_TRUE(allows(trust, "127.0.0.1:9001", "http://127.0.0.1:9001"));
  EXPECT_TRUE(allows(trust, "localhost:9001", "http://localhost:3000"));
  EXPECT_TRUE(allows(trust, "[::1]:9001", "http://[::1]:3000"));
  EXPECT_TRUE(allows(trust, "192.168.1.7:9001", "http://192.168.1.7"));
  EXPECT_TRUE(allows(trust, "fuzzingserver:9001", "http://fuzzingserver:80")) << "a name of docker's";
}

TEST(Trust, KeepsOutPagesOfOtherSites) {
  const Trust trust({});
  for (const char* origin : {"https://example.com", "null", "http://127.0.0.1.example.com", "http://203.0.113.7",
                             "http://localhost.example.com:9001", "file://", "x"})
    EXPECT_FALSE(allows(trust, "127.0.0.1:9001", origin)) << origin;
}

// The name of a site that points at this machine: the page is of the same host, and the host is not ours.
TEST(Trust, KeepsOutNamesThatAnySiteMayHave) {
  const Trust trust({});
  EXPECT_FALSE(allows(trust, "evil.example:9001", "http://evil.example:9001"));
  EXPECT_FALSE(allows(trust, "evil.example:9001", "", /*plain=*/true)) << "a GET of the same site has no Origin";
  EXPECT_FALSE(allows(trust, "127.0.0.1.evil.example", "", /*plain=*/true));
}

TEST(Trust, LeavesAloneWhatIsNoBrowser) {
  const Trust trust({});
  EXPECT_TRUE(allows(trust, "ci.example.com:9001", ""));
  EXPECT_TRUE(allows(trust, "", ""));
  EXPECT_TRUE(allows(trust, "", "", /*plain=*/true)) << "HTTP/1.0";
}

TEST(Trust, LetsInWhatTheUserNames) {
  const Trust trust({"ci.example.com", "null"});
  EXPECT_TRUE(allows(trust, "CI.example.com:9001", "http://ci.example.com:9001"));
  EXPECT_TRUE(allows(trust, "ci.example.com", "", /*plain=*/true));
  EXPECT_TRUE(allows(trust, "127.0.0.1:9001", "https://ci.example.com"));
  EXPECT_TRUE(allows(trust, "127.0.0.1:9001", "null"));
  EXPECT_FALSE(allows(trust, "127.0.0.1:9001", "https://example.com"));
}

}  // namespace
}  // namespace touchstone::serve
