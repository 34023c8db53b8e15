#include "runner/proxy/relay_judge.h"

#include "runner/catalogue/two_sided.h"
#include "runner/proxy/nature.h"

#include <gtest/gtest.h>

namespace touchstone::proxy {
namespace {

HeadSeen request(std::vector<ws::Field> fields) {
  HeadSeen head;
  head.number = 1;
  head.start = "GET / HTTP/1.1";
  head.method = "GET";
  head.target = "/";
  head.fields = std::move(fields);
  return head;
}

HeadSeen answer(int status) {
  HeadSeen head;
  head.number = 1;
  head.status = status;
  head.start = "HTTP/1.1 " + std::to_string(status) + " Whatever";
  return head;
}

Case case_of(std::vector<Claim> claims) {
  Case c;
  c.id = "proxy/test";
  c.requirements = {"rfc9110-7.6.1-3"};
  c.sides = {Side::intermediary};
  auto both = std::make_shared<TwoSided>();
  both->claims = std::move(claims);
  c.two_sided = std::move(both);
  return c;
}

Claim claim(Claim::Verb verb, Side at, std::string what = {}) {
  Claim one;
  one.verb = verb;
  one.at = at;
  one.what = std::move(what);
  return one;
}

Relayed opened() {
  Relayed seen;
  seen.by_client.heads = {request({{"Upgrade", "websocket"}, {"X-Hop", "1"}})};
  seen.at_server.heads = {request({{"Upgrade", "websocket"}})};
  seen.by_server.heads = {answer(101)};
  seen.at_client.heads = {answer(101)};
  seen.switched = true;
  return seen;
}

Behavior verdict(const Case& c, Relayed seen) { return judge_relayed(c, "x", std::move(seen)).behavior; }

TEST(RelayJudge, AFieldThatIsStillThereIsAViolation) {
  Relayed seen = opened();
  const Case c = case_of({claim(Claim::Verb::lacks, Side::server, "X-Hop")});
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
  seen.at_server.heads[0].fields.push_back({"x-hop", "1"});
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
}

TEST(RelayJudge, TheLevelOfTheSentenceIsTheWeight) {
  Claim one = claim(Claim::Verb::lacks, Side::server, "Upgrade");
  one.level = ExpectOpening::Level::should;
  EXPECT_EQ(verdict(case_of({one}), opened()), Behavior::non_strict);
  one.level = ExpectOpening::Level::may;
  const Result chosen = judge_relayed(case_of({one}), "x", opened());
  EXPECT_EQ(chosen.behavior, Behavior::ok);
  ASSERT_EQ(chosen.findings.size(), 1u);
  EXPECT_FALSE(chosen.findings[0].choice.empty());
}

TEST(RelayJudge, ABlindRelayOwesWhatItWasGivenAndNothingOfHttp) {
  Relayed seen = opened();
  seen.at_server.heads[0].fields.push_back({"X-Hop", "1"});
  const Case hop = case_of({claim(Claim::Verb::lacks, Side::server, "X-Hop")});
  EXPECT_EQ(verdict(hop, seen), Behavior::failed);
  seen.nature.blind = true;
  EXPECT_EQ(verdict(hop, seen), Behavior::ok);
  seen.by_client.octets = ws::to_bytes(std::string_view("0123456789"));
  EXPECT_EQ(verdict(case_of({claim(Claim::Verb::octets, Side::server)}), seen), Behavior::failed);
  seen.at_server.heads[0].fields.clear();
  EXPECT_EQ(verdict(case_of({claim(Claim::Verb::keeps, Side::server, "X-Hop")}), seen), Behavior::failed);
}

TEST(RelayJudge, WhoPassesOnWhatIsNoHttpIsABlindRelay) {
  Relayed seen;
  EXPECT_FALSE(is_blind(seen));
  seen.by_client.heads = {request({{"Host", "a"}})};
  seen.at_server.heads = {request({{"Host", "a"}})};
  seen.at_client.octets = ws::to_bytes(std::string_view("HTTP/1.1 502 Bad Gateway"));
  EXPECT_FALSE(is_blind(seen)) << "it reads answers";
  seen.at_client.octets = ws::to_bytes(kNoAnswer);
  EXPECT_TRUE(is_blind(seen));
  seen.at_server.heads[0].fields[0].name = "host";
  EXPECT_FALSE(is_blind(seen)) << "it writes heads of its own";
}

TEST(RelayJudge, WhoRefusesHasPassedNothingOn) {
  Relayed seen = opened();
  seen.at_server.heads.clear();
  seen.by_server.heads.clear();
  seen.at_client.heads = {answer(400)};
  seen.switched = false;
  const Case c =
      case_of({claim(Claim::Verb::lacks, Side::server, "X-Hop"), claim(Claim::Verb::octets, Side::server),
               claim(Claim::Verb::keeps, Side::server, "@content"), claim(Claim::Verb::stops, Side::server)});
  const Result result = judge_relayed(c, "x", seen);
  EXPECT_EQ(result.behavior, Behavior::ok);
  EXPECT_NE(result.summary.find("by itself"), std::string::npos);
}

TEST(RelayJudge, ListsOfTheSameElementsAreTheSameField) {
  Relayed seen = opened();
  seen.by_client.heads[0].fields = {{"X-List", "a, b"}, {"x-list", "c"}};
  seen.at_server.heads[0].fields = {{"X-LIST", "a,b,  c"}};
  const Case c = case_of({claim(Claim::Verb::keeps, Side::server, "X-List")});
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
  seen.at_server.heads[0].fields = {{"X-List", "c, a, b"}};
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
}

TEST(RelayJudge, LinesOfSetCookieAreNotJoined) {
  Relayed seen = opened();
  seen.by_server.heads[0].fields = {{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}};
  seen.at_client.heads[0].fields = {{"set-cookie", "a=1"}, {"set-cookie", "b=2"}};
  const Case c = case_of({claim(Claim::Verb::keeps, Side::client, "Set-Cookie")});
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
  seen.at_client.heads[0].fields = {{"Set-Cookie", "a=1, b=2"}};
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
}

TEST(RelayJudge, WhatIsLostIsNotOutOfOrder) {
  Case c = case_of({claim(Claim::Verb::keeps, Side::server, "X-List")});
  c.requirements = {"rfc9110-5.3-3"};
  const auto rule = [&](std::vector<ws::Field> arrived) {
    Relayed seen = opened();
    seen.by_client.heads = {request({{"X-List", "a"}, {"X-List", "b"}})};
    seen.at_server.heads = {request(std::move(arrived))};
    const Result result = judge_relayed(c, "x", std::move(seen));
    return result.findings.empty() ? std::string() : result.findings.front().requirement;
  };
  EXPECT_EQ(rule({{"X-List", "a, b"}}), "");
  EXPECT_EQ(rule({{"X-List", "b, a"}}), "rfc9110-5.3-3");
  EXPECT_EQ(rule({{"X-List", "a"}}), "rfc9110-5.1-2");
  EXPECT_EQ(rule({}), "rfc9110-5.1-2");
}

TEST(RelayJudge, InterimAnswersArriveInOrderAndMoreMayBeThere) {
  const Case c = case_of({claim(Claim::Verb::interim, Side::client)});
  const auto verdict_with = [&](std::vector<int> arrived) {
    Relayed seen = opened();
    seen.by_server.interim = {103, 102};
    for (const int status : arrived) seen.at_client.interim.push_back(answer(status));
    return verdict(c, std::move(seen));
  };
  EXPECT_EQ(verdict_with({103, 102}), Behavior::ok);
  EXPECT_EQ(verdict_with({100, 103, 102}), Behavior::ok);
  EXPECT_EQ(verdict_with({102, 103}), Behavior::failed);
  EXPECT_EQ(verdict_with({103}), Behavior::failed);
  EXPECT_EQ(verdict_with({}), Behavior::failed);
}

TEST(RelayJudge, AChangedOctetIsNotALostOne) {
  Case c = case_of({claim(Claim::Verb::octets, Side::server)});
  c.requirements = {"rfc9112-6.3-1"};
  const auto rule = [&](std::string_view arrived) {
    Relayed seen = opened();
    seen.by_client.octets = ws::to_bytes(std::string_view("abcdef"));
    seen.at_server.octets = ws::to_bytes(arrived);
    return judge_relayed(c, "x", std::move(seen)).findings.at(0).requirement;
  };
  for (const char* lost : {"", "abc", "def", "abef"}) EXPECT_EQ(rule(lost), "rfc9112-6.3-1") << lost;
  for (const char* changed : {"abcdeg", "xbcdef", "abcdeff", "ba"})
    EXPECT_EQ(rule(changed), "rfc9110-3.7-1") << changed;
}

TEST(RelayJudge, ASentenceIsAboutItsConnection) {
  Relayed seen = opened();
  Exchange& other = seen.others["b"];
  other.switched = true;
  other.by_client.octets = ws::to_bytes(std::string_view("of b"));
  Claim one = claim(Claim::Verb::octets, Side::server);
  EXPECT_EQ(verdict(case_of({one}), seen), Behavior::ok);
  one.on = "b";
  const Result result = judge_relayed(case_of({one}), "x", seen);
  EXPECT_EQ(result.behavior, Behavior::failed);
  EXPECT_NE(result.summary.find("client of 'b'"), std::string::npos) << result.summary;
  other.at_server.octets = other.by_client.octets;
  EXPECT_EQ(verdict(case_of({one}), seen), Behavior::ok);
}

TEST(RelayJudge, FramesMayBeCutAnewWhereNoExtensionIsInUse) {
  Relayed seen = opened();
  const Case c = case_of({claim(Claim::Verb::octets, Side::client)});
  // RFC 6455 5.7: "Hello" in two fragments, and in one frame.
  seen.by_server.octets = ws::to_bytes(std::string_view("\x01\x03Hel\x80\x02lo", 9));
  seen.at_client.octets = ws::to_bytes(std::string_view("\x81\x05Hello", 7));
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
  seen.at_client.octets = ws::to_bytes(std::string_view("\x81\x05Hallo", 7));
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
  seen.at_client.octets = ws::to_bytes(std::string_view("\x81\x05Hello", 7));
  seen.by_server.heads[0].fields.push_back({"Sec-WebSocket-Extensions", "x"});
  EXPECT_EQ(verdict(c, seen), Behavior::failed) << "RFC 6455 5.4: not with an extension that it does not know";
}

TEST(RelayJudge, WhoTakesPartMasksAnewAndKeepsTheCutsOfAnUnknownExtension) {
  Relayed seen = opened();
  seen.nature.takes_part = true;
  seen.by_server.heads[0].fields.push_back({"Sec-WebSocket-Extensions", "x"});
  const Case c = case_of({claim(Claim::Verb::octets, Side::server)});
  // RFC 6455 5.7: "Hello" in two fragments, unmasked by a masking key of zero, and masked.
  seen.by_client.octets = ws::to_bytes(std::string_view("\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo", 17));
  seen.at_server.octets = ws::to_bytes(std::string_view("\x01\x83\x01\x01\x01\x01Idm\x80\x82\0\0\0\0lo", 17));
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
  seen.at_server.octets = ws::to_bytes(std::string_view("\x81\x85\0\0\0\0Hello", 11));
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
}

TEST(RelayJudge, ItsKeyAndItsExtensionsAreItsOwnWhereItTakesPart) {
  Relayed seen = opened();
  seen.by_client.heads[0].fields.push_back({"Sec-WebSocket-Extensions", "x"});
  const Case c = case_of({claim(Claim::Verb::keeps, Side::server, "Sec-WebSocket-Extensions")});
  EXPECT_EQ(verdict(c, seen), Behavior::failed);
  seen.nature.takes_part = true;
  EXPECT_EQ(verdict(c, seen), Behavior::ok);
}

TEST(RelayJudge, ALostLastOctetIsNamed) {
  Relayed seen = opened();
  seen.by_client.octets = ws::to_bytes(std::string_view("0123456789"));
  seen.at_server.octets = ws::to_bytes(std::string_view("012345678"));
  const Result result = judge_relayed(case_of({claim(Claim::Verb::octets, Side::server)}), "x", seen);
  EXPECT_EQ(result.behavior, Behavior::failed);
  EXPECT_NE(result.summary.find("9 of 10 bytes"), std::string::npos) << result.summary;
}

TEST(RelayJudge, ACaseWhoseOpeningFailedSaysNothingOfTheIntermediary) {
  Relayed seen = opened();
  seen.opened = false;
  EXPECT_EQ(verdict(case_of({claim(Claim::Verb::octets, Side::server)}), seen), Behavior::errored);
}

}  // namespace
}  // namespace touchstone::proxy
