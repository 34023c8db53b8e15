// What a watcher tells of octets, and whom it blames: against vectors written by hand.
#include "runner/live/watcher.h"

#include <gtest/gtest.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/http/handshake.h>

namespace touchstone {
namespace {

using Side = ws::Role;

const std::string kRequest =
    "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const std::string kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";  // RFC 6455 1.3

class WatcherTest : public ::testing::Test {
 protected:
  void say(Side who, std::string_view octets, std::size_t piece = 1000) {
    for (std::size_t at = 0; at < octets.size(); at += piece) {
      const auto part = ws::as_octets(octets.substr(at, piece));
      watcher.spoke(who, part);
      watcher.heard(who == Side::client ? Side::server : Side::client, part);
    }
  }
  void open(std::string_view more = {}) {
    say(Side::client, kRequest + std::string(more) + "\r\n", 3);
    say(Side::server, kAnswer + std::string(more) + "\r\n", 3);
  }
  [[nodiscard]] std::vector<Json> all(std::string_view event) const {
    std::vector<Json> found;
    for (const Json& each : told)
      if (each["event"] == event) found.push_back(each);
    return found;
  }

  std::vector<Json> told;
  Events events{[this](const std::string& line) { told.push_back(Json::parse(line)); }, false};
  Totals totals;
  Watcher watcher{7, {.client = true, .server = true}, events, totals};
};

TEST_F(WatcherTest, TellsMessagesHoweverTheyAreCut) {
  open();
  say(Side::client, "\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d\x80\x82\x37\xfa\x21\x3d\x5b\x95", 1);  // "Hel", "lo"
  say(Side::server, std::string("\x82\x02\x00\xff\x89\x01p", 7), 1);
  ASSERT_EQ(all("message").size(), 2U);
  EXPECT_EQ(all("message")[0]["text"], "Hello");
  EXPECT_EQ(all("message")[0]["from"], "client");
  EXPECT_EQ(all("message")[1]["hex"], "00ff");
  EXPECT_EQ(all("opened")[0]["target"], "/chat");
  EXPECT_EQ(all("frame").size(), 4U);
  EXPECT_EQ(all("frame")[3]["text"], "p");
  EXPECT_EQ(totals.musts + totals.shoulds, 0U);
}

TEST_F(WatcherTest, InflatesWhatWasAgreedOn) {
  open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  say(Side::server, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0'));  // RFC 7692 7.2.3.1
  ASSERT_EQ(all("message").size(), 1U);
  EXPECT_EQ(all("message")[0]["text"], "Hello");
  EXPECT_TRUE(all("violation").empty());
}

TEST_F(WatcherTest, BlamesWhoBrokeTheRuleAndOnce) {
  open();
  for (int i = 0; i < 3; ++i) say(Side::server, std::string("\x81\x81\0\0\0\0a", 7));  // masked: RFC 6455 5.1
  ASSERT_EQ(all("violation").size(), 1U);
  EXPECT_EQ(all("violation")[0]["by"], "server");
  EXPECT_EQ(all("violation")[0]["clause"], "RFC 6455 5.1");
  EXPECT_EQ(totals.musts, 1U);
}

TEST_F(WatcherTest, BlamesNobodyForWhatSomebodyElseSpoilt) {
  open();
  watcher.spoke(Side::client, ws::as_octets(std::string_view("\x81\x81\0\0\0\0a", 7)));
  watcher.heard(Side::server, ws::as_octets(std::string_view("\x81\x01", 2)));  // no mask any more
  watcher.heard(Side::server, ws::as_octets("a"));
  say(Side::server, "\x88\x02\x03\xea");  // 1002
  watcher.ended(Side::server, Watcher::End::fin);
  watcher.finish();
  EXPECT_TRUE(all("violation").empty());
}

TEST_F(WatcherTest, JudgesNoPlainHttp) {
  say(Side::client, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
  say(Side::server, "HTTP/1.0 200 OK\r\n\r\nbody");
  watcher.ended(Side::server, Watcher::End::fin);
  watcher.finish();
  EXPECT_EQ(all("request")[0]["plain"], true);
  EXPECT_TRUE(all("violation").empty());
}

TEST_F(WatcherTest, BlamesNobodyWhoSaidNothing) {
  watcher.ended(Side::client, Watcher::End::fin);
  watcher.finish();
  EXPECT_TRUE(all("violation").empty());
}

TEST(Clause, IsReadOfARequirement) {
  EXPECT_EQ(clause_of("rfc6455-5.5.1-4"), "RFC 6455 5.5.1");
  EXPECT_EQ(clause_of("rfc7692-7-2"), "RFC 7692 7");
  EXPECT_EQ(clause_of("other"), "other");
}

}  // namespace
}  // namespace touchstone
