#include "runner/engine/verdict/judge.h"

#include "runner/catalogue/catalogue.h"
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/inbound.h"
#include "runner/engine/verdict/strict_expectation.h"
#include "runner/engine/verdict/test_conversation.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using Kind = Seen::Kind;

void expect_verdict(const Verdict& verdict, Behavior behavior, Closing closing, std::string_view requirement = {}) {
  EXPECT_EQ(verdict.behavior, behavior) << verdict.summary;
  EXPECT_EQ(verdict.closing, closing) << verdict.summary;
  if (requirement.empty()) return;
  const auto cites = [&](const Finding& finding) { return finding.requirement == requirement; };
  EXPECT_TRUE(std::ranges::any_of(verdict.findings, cites)) << verdict.summary;
}

TEST(Judge, AcceptsAnEchoAndACleanClose) {
  Conversation t;
  t.expects({text_reply("hello")})
      .sends(ws::Opcode::text, "hello")
      .gets(ws::Opcode::text, "hello")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FailsAnEchoOfOtherContent) {
  Conversation t;
  t.expects({text_reply("hello")})
      .sends(ws::Opcode::text, "hello")
      .gets(ws::Opcode::text, "hellO")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok, "rfc6455-6.2-4");
}

// RFC 3629 6: RECOMMENDED only, and only for the one at the beginning.
TEST(Judge, FindsALostMarkOfOrderWeak) {
  for (const auto& [text, echo, behavior] : {std::tuple("\xef\xbb\xbfHi", "Hi", Behavior::non_strict),
                                             std::tuple("Hi\xef\xbb\xbf", "Hi", Behavior::failed)}) {
    Conversation talk;
    talk.expects({text_reply(text)}).sends(ws::Opcode::text, text).gets(ws::Opcode::text, echo).closes_politely();
    talk.gets_close(1000).ends();
    EXPECT_EQ(talk.verdict().behavior, behavior);
  }
}

TEST(Judge, FailsAnEchoOfOtherType) {
  Conversation t;
  t.expects({text_reply("hello")})
      .sends(ws::Opcode::text, "hello")
      .gets(ws::Opcode::binary, "hello")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok);
}

TEST(Judge, FailsASecondEcho) {
  Conversation t;
  t.expects({text_reply("hello")}).sends(ws::Opcode::text, "hello").gets(ws::Opcode::text, "hello").closes_politely();
  t.gets(ws::Opcode::text, "hello").gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok);
}

// "Hello" before a request: what it would repeat has not been sent.
TEST(Judge, FailsAMessageThatComesBeforeTheOneThatItShouldRepeat) {
  const Reply echo{.kind = Reply::Kind::text, .sent = true, .payload = {}, .mark = {}};
  const Verdict verdict = Conversation().expects({echo}).gets(ws::Opcode::text, "Hello").ends().verdict();
  EXPECT_EQ(verdict.behavior, Behavior::failed);
}

TEST(Judge, FailsAMissingEcho) {
  Conversation t;
  t.expects({text_reply("hello")}).sends(ws::Opcode::text, "hello").closes_politely().gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok);
}

TEST(Judge, AcceptsAnEchoInFragments) {
  Conversation t;
  t.expects({text_reply("hello")}).sends(ws::Opcode::text, "hello");
  t.gets(ws::Opcode::text, ws::as_octets("he"), false)
      .gets(ws::Opcode::cont, "llo")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, AcceptsOnlyTheLatestPong) {
  Conversation t;
  t.expects({})
      .sends(ws::Opcode::ping, "1")
      .sends(ws::Opcode::ping, "2")
      .gets(ws::Opcode::pong, "2")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok, "rfc6455-5.5.3-2");
}

// Which of them it answers cannot be told: it may be the latest.
TEST(Judge, AcceptsOnePongForPingsWithEqualPayloads) {
  Conversation talk;
  talk.expects({});
  for (int i = 0; i < 3; ++i) talk.sends(ws::Opcode::ping, "flood");
  talk.gets(ws::Opcode::pong, "flood").closes_politely().gets_close(1000).ends();
  EXPECT_EQ(talk.verdict().behavior, Behavior::ok);
}

TEST(Judge, FailsWhenTheLatestPingHasNoPong) {
  Conversation t;
  t.expects({})
      .sends(ws::Opcode::ping, "1")
      .sends(ws::Opcode::ping, "2")
      .gets(ws::Opcode::pong, "1")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok, "rfc6455-5.5.2-2");
}

TEST(Judge, FailsAPongThatAnswersAPong) {
  Conversation t;
  t.expects({})
      .sends(ws::Opcode::pong, "unasked")
      .gets(ws::Opcode::pong, "unasked")
      .closes_politely()
      .gets_close(1000)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok, "rfc6455-5.5.3-4");
}

TEST(Judge, AcceptsKeepAlivePingsAndPongsOfTheEndpoint) {
  Conversation t;
  t.expects({}).gets(ws::Opcode::ping, "alive?").gets(ws::Opcode::pong, "").closes_politely().gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FailsIllegalFramesOfTheEndpointInAnyCase) {
  Conversation t;
  t.expects({text_reply("x")})
      .sends(ws::Opcode::text, "x")
      .gets(ws::Opcode::text, ws::as_octets("x"), true, /*rsv2=*/true)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.2-2");
}

TEST(Judge, FailsDataBehindTheEndpointsClose) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(1000).gets(ws::Opcode::text, "late").ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.5.1-9");
}

TEST(Judge, LetsAPongFollowTheEndpointsClose) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).sends(ws::Opcode::ping, "late").gets_close(1000);
  t.gets(ws::Opcode::pong, "late").ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FailsASecondClose) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(1000).gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.5.1-14");
}

TEST(Judge, TakesAnyOrdinaryCodeInAnswerToAClose) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(3999).ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok, "rfc6455-5.5.1-11");
}

TEST(Judge, FindsAnErrorCodeInAnswerToALegalCloseWeak) {
  Conversation t;
  t.expects({}, end::Replies{{1000, 3000}}).sends_close(3000).gets_close(1002).ends();
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::wrong_code);
}

TEST(Judge, FailsAReplyThatMustNotBeOnTheWire) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(1005).ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed);
}

TEST(Judge, FailsAServersOwn1010ButNotTheRepetitionOfOurs) {
  Conversation own;
  own.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(1010).ends();
  expect_verdict(own.verdict(), Behavior::failed, Closing::failed, "rfc6455-7.4.1-16");
  Conversation repeated;
  repeated.expects({}, end::Replies{{1000, 1010}}).sends_close(1010).gets_close(1010).ends();
  expect_verdict(repeated.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FindsTheRepetitionOfOurMeaninglessCodeWeak) {
  Conversation t;
  t.expects({}, end::Fails{{1002}}).sends_close(2999).gets_close(2999).ends();
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::wrong_code, "rfc6455-7.4.2-5");
  Conversation reserved;
  reserved.expects({}, end::Fails{{1002}}).sends_close(1006).gets_close(1006).ends();
  expect_verdict(reserved.verdict(), Behavior::failed, Closing::failed);
}

TEST(Judge, FindsTheRefusalOfALegalOfferWeak) {
  Conversation t;
  t.as_case().offer = {"permessage-deflate; server_max_window_bits=8"};
  t.observation().response = ws::ResponseHead{.status = 500, .reason = {}, .fields = {}};
  t.observation().handshake_failure = "the server answered 500";
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::ok, "rfc7692-7-5");
  t.observation().response.reset();
  t.observation().handshake_failure = "the server closed TCP before its answer to the opening handshake";
  expect_verdict(t.verdict(), Behavior::errored, Closing::failed);  // an end that nobody saw
  t.observation().eof = true;
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::ok, "rfc7692-7-5");
  t.as_case().needs_deflate = true;  // this case is about something else
  expect_verdict(t.verdict(), Behavior::errored, Closing::failed);
}

TEST(Judge, FailsACloseThatIsNeverAnswered) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000);
  t.observation().ended_by_tester = true;
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.5.1-10");
}

TEST(Judge, TakesTheFittingCodeOfAFailure) {
  Conversation t;
  t.expects({}, end::Fails{{1002}}).gets_close(1002).ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, TakesAnEmptyCloseOfAFailure) {
  Conversation t;
  t.expects({}, end::Fails{{1002}}).gets(ws::Opcode::close, "").ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FindsABareEndWeakWhetherByFinOrByReset) {
  for (const bool reset : {false, true}) {
    Conversation t;
    t.expects({}, end::Fails{{1002}}).ends(reset);
    expect_verdict(t.verdict(), Behavior::non_strict, Closing::unclean, "rfc6455-7.1.7-5");
  }
}

// C-16: where an endpoint may go on or fail the connection, its Close may cross the tester's.
TEST(Judge, TakesAFailureByChoiceThatCrossesItsOwnClose) {
  Conversation choice, other;
  choice.expects({text_reply("hello")}, end::MayFail{{1002}}).closes_politely().gets_close(1002).ends();
  expect_verdict(choice.verdict(), Behavior::ok, Closing::ok);
  other.expects({}, end::MayFail{{1002}}).closes_politely().gets_close(1011).ends();
  expect_verdict(other.verdict(), Behavior::non_strict, Closing::wrong_code);
}

TEST(Judge, FindsAMisleadingCodeOfAFailureWeak) {
  Conversation t;
  t.expects({}, end::Fails{{1007}}).gets_close(1002).ends();
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::wrong_code);
}

TEST(Judge, FailsAnEndpointThatGoesOnBehindTheFault) {
  Conversation t;
  t.expects({}, end::Fails{{1002}}).survives().gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.6-4");
}

TEST(Judge, FindsAFaultNoticedLateWeak) {
  Conversation t;
  t.expects({}, end::Fails{{1007}}).survives().gets_close(1007).ends();
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::ok);
}

TEST(Judge, FailsTheDeliveryOfAnInvalidMessage) {
  Conversation t;
  t.expects({}, end::Fails{{1002}})
      .sends(ws::Opcode::text, "bad")
      .gets(ws::Opcode::text, "bad")
      .gets_close(1002)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok, "rfc6455-7.1.7-7");
}

TEST(Judge, LetsMessagesBeforeAFaultGoUnanswered) {
  Conversation t;
  t.expects({text_reply("good")}, end::Fails{{1002}}).sends(ws::Opcode::text, "good").gets_close(1002).ends();
  expect_verdict(t.verdict(), Behavior::ok, Closing::ok);
}

TEST(Judge, FailsTheRefusalOfWhatLiesBeforeAMark) {
  Conversation t;
  t.expects({{.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = "A"}}, end::Fails{{1007}})
      .gets_close(1007)
      .ends();
  expect_verdict(t.verdict(), Behavior::failed, Closing::ok);
}

TEST(Judge, FindsASentinelThatALaterPongStandsForWeak) {
  Conversation t;
  t.expects({{.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = "A"}});
  t.sends(ws::Opcode::ping, "sentinel").sends(ws::Opcode::ping, "later");
  t.observation().sent_pings[0].mark = "A";
  t.gets(ws::Opcode::pong, "later").closes_politely().gets_close(1000).ends();
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::ok, "rfc6455-5.5.2-3");
}

TEST(Judge, SaysInformationalWhereNothingIsAFault) {
  Conversation t;
  t.expects({}, end::Open{{1000, 5000}}).sends_close(5000).gets_close(1002).ends();
  t.as_case().informational = "left open";
  expect_verdict(t.verdict(), Behavior::informational, Closing::informational);
}

TEST(Judge, TakesWhatCouldBeReadOfOctetsWithoutAMeaning) {
  const auto told = [](std::string_view came, std::string informational) {
    Conversation t;
    t.expects({text_reply("Heh")}, end::MayFail{{1007}}).sends(ws::Opcode::text, "Heh").gets(ws::Opcode::text, came);
    t.survives().closes_politely().gets_close(1000).ends();
    t.as_case().informational = std::move(informational);
    return t.verdict().behavior;
  };
  EXPECT_EQ(told("He", "left open"), Behavior::informational);
  EXPECT_EQ(told("Ha", "left open"), Behavior::failed);
  EXPECT_EQ(told("He", ""), Behavior::failed);
}

TEST(Judge, FailsAServerThatLeavesTcpOpen) {
  Conversation t;
  t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(1000);
  t.observation().ended_by_tester = true;
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.5.1-17");
}

// RFC 6455 5.5.1 asks for the end of TCP where a Close was sent and received.
TEST(Judge, LeavesAServerTimeWhenTcpEndsInsideAFrame) {
  Conversation t;
  t.expects({}, end::Abandoned{}).gets_close(1000);
  t.observation().ended_by_tester = true;
  expect_verdict(t.verdict(), Behavior::non_strict, Closing::unclean, "rfc6455-7.1.1-1");
  t.sends_close(1000);
  expect_verdict(t.verdict(), Behavior::failed, Closing::failed, "rfc6455-5.5.1-17");
}

Conversation of_client() {
  Conversation talk;
  talk.observation().request.emplace();
  return talk;
}

// RFC 6455 5.5.1: a client may close TCP at any time after the closing handshake, so it may wait for ours.
TEST(JudgeOfClients, AcceptsAClientThatClosesTcpAfterTheServer) {
  Conversation talk = of_client();
  talk.expects({}).closes_politely().gets_close(1000).ends();
  talk.observation().ended_after_half_close = true;
  EXPECT_EQ(talk.verdict().behavior, Behavior::ok);
}

// Nobody can wait for ever to tell a late one.
TEST(JudgeOfClients, NamesAClientThatKeepsTcpOpen) {
  Conversation talk = of_client();
  talk.expects({}).closes_politely().gets_close(1000);
  talk.observation().ended_by_tester = true;
  const Verdict verdict = talk.verdict();
  EXPECT_EQ(verdict.behavior, Behavior::non_strict);
  EXPECT_EQ(verdict.findings.back().requirement, "rfc6455-5.5.1-16");
}

// RFC 6455 7.4.1: 1010 is the client's.
TEST(JudgeOfClients, LetsAClientMissAnExtension) {
  Conversation talk = of_client();
  talk.expects({}).gets_close(1010).ends();
  EXPECT_EQ(talk.verdict().behavior, Behavior::ok);
}

// RFC 9112 2.2: a bare LF may be taken for the end of a line, and need not be. Who does not waits for the rest of the
// head.
TEST(JudgeOfOpenings, LetsAServerWaitForTheEndOfTheHead) {
  for (const char* line_end : {"\n", "\r\n"}) {
    Case c;
    c.requirements = {"rfc9112-2.2-2"};
    c.request = HeadScript{};
    c.request->raw = literal("GET / HTTP/1.1" + std::string(line_end) + "Host: h" + line_end + line_end);
    c.expect = Expect{};
    c.expect->opening = ExpectOpening{.level = ExpectOpening::Level::may, .outcome = ExpectOpening::Outcome::open};
    Observation o;
    o.opening_silent = true;
    o.handshake_failure = "no answer";
    const bool whole = line_end[0] == '\r';
    EXPECT_EQ(judge(c, o, 1).behavior, whole ? Behavior::failed : Behavior::ok);
  }
}

// RFC 7692 7.1.2: a match at distance 32768 is legal only while the window is that large.
TEST(JudgeOfClients, DoesNotHoldDataBeyondTheAgreedWindowAgainstTheClient) {
  const Case* whole_window = Catalogue::built_in().find("deflate-data/takeover/whole-window");
  ASSERT_NE(whole_window, nullptr);
  for (const int bits : {15, 12}) {
    Conversation talk = of_client();
    talk.as_case() = *whole_window;
    talk.observation().deflate = ws::DeflateParams{};
    talk.observation().deflate->server_max_window_bits = bits;
    talk.gets_close(1002).ends();
    EXPECT_EQ(talk.verdict().behavior, bits == 15 ? Behavior::failed : Behavior::not_applicable) << bits;
  }
}

TEST(JudgeOfClients, AsksNothingOfAClientThatDoesNotOfferTheExtension) {
  Conversation talk = of_client();
  talk.as_case().needs_deflate = true;
  EXPECT_EQ(talk.verdict().behavior, Behavior::unimplemented);
}

}  // namespace
}  // namespace touchstone
