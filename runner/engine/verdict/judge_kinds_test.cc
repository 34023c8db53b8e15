// Which finding a broken rule is: its kind, its clause, and the choice that decides its weight.
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/test_conversation.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

// "kind (evidence) requirement choice" of each finding that is not a choice.
std::vector<std::string> broken(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Finding& f : verdict.findings) {
    if (f.weight == Finding::Weight::choice) continue;
    out.push_back(f.kind + (f.evidence.empty() ? "" : " (" + f.evidence + ")") + " " + f.requirement +
                  (f.choice.empty() ? "" : " " + f.choice));
  }
  return out;
}

using Broken = std::vector<std::string>;

// RFC 6455 5.5.1: MUST, and an orderly end of TCP shows that there was none. A reset may have destroyed one (C-22), and
// who sees TCP end together with the Close may miss it.
TEST(JudgeKinds, AnUnansweredClose) {
  Conversation silent, ended, reset, both;
  silent.expects({}, end::Replies{{1000}}).sends_close(1000);
  silent.observation().ended_by_tester = true;
  EXPECT_EQ(broken(silent.verdict()), Broken{"close-unanswered rfc6455-5.5.1-10"});
  ended.expects({}, end::Replies{{1000}}).sends_close(1000).ends();
  EXPECT_EQ(broken(ended.verdict()), Broken{"close-answered-by-end-of-tcp rfc6455-5.5.1-10"});
  reset.expects({}, end::Replies{{1000}}).sends_close(1000).ends(/*reset=*/true);
  EXPECT_EQ(broken(reset.verdict()), Broken{"close-answer-lost rfc6455-5.5.1-10 C-22"});
  both.expects({}, end::Replies{{1000}}).sends_close(1000).ends();
  both.observation().ended_tcp_in_steps = true;
  EXPECT_EQ(broken(both.verdict()), Broken{"close-answer-lost rfc6455-5.5.1-10 C-22"});
}

// RFC 6455 5.5.1 forbids what the tester sends after its Close: who fails the connection for that may end TCP at once.
TEST(JudgeKinds, AnUnansweredCloseBeforeJunk) {
  Conversation talk;
  talk.expects({}, end::Replies{{1000}}).sends_close(1000).ends();
  step::Frame junk;
  junk.opcode = ws::Opcode::text;
  talk.as_case().steps = {{step::Close{}}, {junk}};
  EXPECT_EQ(broken(talk.verdict()), Broken{"close-answer-lost rfc6455-5.5.1-10 C-22"});
  std::ranges::reverse(talk.as_case().steps);
  EXPECT_EQ(broken(talk.verdict()), Broken{"close-answered-by-end-of-tcp rfc6455-5.5.1-10"});
}

// What a message shows that comes back after a fault. The end of TCP may come of octets that were misread then.
TEST(JudgeKinds, AMessageAfterAFault) {
  const auto told = [](ws::Opcode fault, std::string_view came) {
    Conversation talk;
    talk.expects({}, end::Fails{{1002}}).sends(ws::Opcode::text, "sent").gets(ws::Opcode::text, came);
    step::Frame frame;
    frame.opcode = fault;
    frame.rsv = 2;
    frame.payload = literal("sent");
    talk.as_case().steps = {{frame}};
    return broken(talk.gets_close(1002).ends().verdict());
  };
  // In the message itself: the rule that it breaks (the first requirement of the case).
  EXPECT_EQ(told(ws::Opcode::text, "sent"), Broken{"fault-ignored rfc6455-5.6-4"});
  // In a control frame before it: the message was processed afterwards.
  EXPECT_EQ(told(ws::Opcode::ping, "sent"), Broken{"message-after-fault rfc6455-7.1.7-7"});
  // Nothing that was sent as a message, and what the control frame held.
  EXPECT_EQ(told(ws::Opcode::ping, "se"), Broken{"message-unexpected rfc6455-6.2-4"});
  EXPECT_EQ(told(ws::Opcode::ping, "is sent"), Broken{"fault-ignored rfc6455-5.6-4"});
}

// Who answers a Close with a code that accuses, and not the message before it, refuses that message.
TEST(JudgeKinds, AnAnswerToACloseThatAccuses) {
  const auto told = [](std::uint16_t code, bool echoed) {
    Conversation talk;
    talk.expects({text_reply("e")}, end::Replies{{1000}}).sends(ws::Opcode::text, "e").sends_close(1000);
    if (echoed) talk.gets(ws::Opcode::text, "e");
    return broken(talk.gets_close(code).ends().verdict());
  };
  EXPECT_EQ(told(1007, false), Broken{"legal-octets-refused (1007) rfc6455-7.4.1-11"});
  EXPECT_EQ(told(1007, true), Broken{"close-answer-says-error (1007) rfc6455-5.5.1-11 C-22"});
  EXPECT_EQ(told(1001, false), Broken{});
  // RFC 6455 5.5.1: an answer usually repeats the code.
  Conversation talk;
  talk.expects({text_reply("e")}, end::Replies{{1000, 1002}}).sends(ws::Opcode::text, "e").sends_close(1002);
  EXPECT_EQ(broken(talk.gets_close(1002).ends().verdict()), Broken{});
  // After its Close the tester says more, which it must not.
  Conversation late;
  late.expects({text_reply("e")}, end::Replies{{1000}}).sends(ws::Opcode::text, "e").sends_close(1000);
  late.as_case().steps = {{step::Close{1000, {}}}, {step::Message{}}};
  EXPECT_EQ(broken(late.gets_close(1002).ends().verdict()), Broken{});
}

// Of a fault that was never sent, since an echo before it did not come, nothing is known.
TEST(JudgeKinds, AnEchoThatTheCaseWaitsFor) {
  for (const bool lacked : {true, false}) {
    Conversation talk;
    talk.expects({text_reply("")}, end::Fails{{1002}}).sends(ws::Opcode::text, "");
    talk.observation().echo_lacked = lacked;
    talk.observation().ended_by_tester = true;
    EXPECT_EQ(broken(talk.verdict()), Broken{lacked ? "message-missing rfc6455-6.2-4" : "fault-ignored rfc6455-5.6-4"});
  }
}

// Who drops an empty message and goes on has lost that one, and did not change the next.
TEST(JudgeKinds, AMessageThatTheNextOneOvertakes) {
  const auto told = [](std::string_view came) {
    Conversation talk;
    talk.expects({text_reply(""), text_reply("next")}).sends(ws::Opcode::text, "").sends(ws::Opcode::text, "next");
    return broken(talk.gets(ws::Opcode::text, came).closes_politely().gets_close(1000).ends().verdict());
  };
  EXPECT_EQ(told("next"), Broken{"message-missing rfc6455-6.2-4"});
  EXPECT_EQ(told("nex"), Broken{"message-differs rfc6455-6.2-4"});
}

// RFC 6455 5.2: who takes 2^32 for 0 delivers a frame that never came.
TEST(JudgeKinds, AMessageOfAFrameThatNeverCame) {
  Conversation talk;
  talk.expects({}, end::Abandoned{}).gets(ws::Opcode::text, "").ends();
  step::Frame frame;
  frame.opcode = ws::Opcode::text;
  frame.form.announces = std::uint64_t{1} << 32;
  talk.as_case().steps = {{frame}};
  talk.observation().ended_tcp_in_steps = true;
  EXPECT_EQ(broken(talk.verdict()), Broken{"message-unexpected rfc6455-5.2-25"});
}

// RFC 6455 5.5.1 forbids data frames after a Close, and no others.
TEST(JudgeKinds, AnUnansweredCloseBeforeALawfulPing) {
  Conversation talk;
  talk.expects({}, end::Replies{{1000}}).sends_close(1000).ends();
  step::Frame ping;
  ping.opcode = ws::Opcode::ping;
  talk.as_case().steps = {{step::Close{}}, {ping}};
  EXPECT_EQ(broken(talk.verdict()), Broken{"close-answered-by-end-of-tcp rfc6455-5.5.1-10"});
  ping.rsv = 2;
  talk.as_case().steps = {{step::Close{}}, {ping}};
  EXPECT_EQ(broken(talk.verdict()), Broken{"close-answer-lost rfc6455-5.5.1-10 C-22"});
}

// RFC 6455 7.2.1, 10.4: who is not read from may give the connection up, with no room left for a Close.
TEST(JudgeKinds, AnEndpointThatGivesUpOnWhoDoesNotRead) {
  for (const bool reset : {true, false}) {
    Conversation gone, late;
    gone.expects({text_reply("Hello")}).sends(ws::Opcode::text, "Hello").ends(reset);
    EXPECT_EQ(gone.verdict().behavior, Behavior::failed);
    gone.as_case().steps = {{step::Hold{true}}};
    EXPECT_EQ(gone.verdict().behavior, Behavior::ok) << gone.verdict().summary;
    late.expects({}, end::Replies{{1000}}).sends_close(1000).ends(reset);
    late.as_case().steps = {{step::Hold{true}}, {step::Close{}}};
    EXPECT_EQ(broken(late.verdict()), Broken{"close-answer-lost rfc6455-5.5.1-10 C-22"});
  }
  Conversation closed, accused;
  closed.expects({text_reply("Hello")}).sends(ws::Opcode::text, "Hello").gets_close(1008).ends();
  closed.as_case().steps = {{step::Hold{true}}};
  EXPECT_EQ(closed.verdict().behavior, Behavior::ok) << closed.verdict().summary;
  accused.expects({text_reply("Hello")}).sends(ws::Opcode::text, "Hello").gets_close(1002).ends();
  accused.as_case().steps = {{step::Hold{true}}};
  EXPECT_EQ(accused.verdict().behavior, Behavior::failed);
}

// RFC 6455 7.1.1: a client SHOULD wait for the server's end of TCP; said where it is the matter (C-24).
TEST(JudgeKinds, AClientThatEndsTcpFirst) {
  Conversation first, elsewhere;
  for (Conversation* talk : {&first, &elsewhere}) {
    talk->expects({}).closes_politely().gets_close(1000).ends();
    talk->observation().request = ws::RequestHead{};
    talk->observation().ended_tcp_first = true;
  }
  first.as_case().requirements = {"rfc6455-7.1.1-1", "rfc6455-7.1.1-6"};
  EXPECT_EQ(broken(first.verdict()), Broken{"tcp-ended-first rfc6455-7.1.1-6"});
  EXPECT_EQ(broken(elsewhere.verdict()), Broken{});
}

// How long a case may take is the tester's choice: who answers one message after the other is only slow.
TEST(JudgeKinds, TheTimeOfTheCaseWasUp) {
  Conversation slow, silent;
  for (Conversation* talk : {&slow, &silent}) {
    talk->expects({text_reply("a"), text_reply("b")}).sends(ws::Opcode::text, "a").sends(ws::Opcode::text, "b");
    talk->gets(ws::Opcode::text, "a");
    talk->observation().out_of_time = true;
  }
  EXPECT_EQ(slow.verdict().behavior, Behavior::not_applicable) << slow.verdict().summary;
  silent.observation().seen.push_back({.kind = Seen::Kind::silent, .message = 0, .payload = {}});
  EXPECT_EQ(silent.verdict().behavior, Behavior::failed);
}

// RFC 6455 7.3: it was gone before the tester said a word about closing.
TEST(JudgeKinds, AnEndOfTcpBeforeTheClose) {
  Conversation t;
  t.expects({}).ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"tcp-ended-unasked rfc6455-7.3-3"});
}

// RFC 6455 5.5.1 has the server end TCP at once. A wait that was cut short shows only who ended it first (7.1.1).
TEST(JudgeKinds, AServerThatLeavesTcpOpenForTheClient) {
  for (const bool whole : {true, false}) {
    Conversation t;
    t.expects({}).closes_politely().gets_close(1000).ends();
    t.observation().ended_after_half_close = true;
    t.observation().kept_tcp = whole;
    EXPECT_EQ(broken(t.verdict()),
              Broken{whole ? "tcp-kept-open rfc6455-5.5.1-17" : "tcp-ended-second rfc6455-7.1.1-3"});
  }
  Conversation failed;
  failed.expects({}, end::Fails{{1002}}).gets_close(1002).ends();
  failed.observation().ended_after_half_close = failed.observation().kept_tcp = true;
  EXPECT_EQ(broken(failed.verdict()), Broken{"tcp-ended-second rfc6455-7.1.1-3"});
  // Its Close may answer ours or fail the connection: a code that says an error says that it did the latter.
  for (const bool error : {true, false}) {
    Conversation either;
    either.expects({}, end::Open{{1000, 1002}}).gets_close(error ? 1002 : 1000).ends();
    either.observation().ended_after_half_close = either.observation().kept_tcp = true;
    EXPECT_EQ(broken(either.verdict()),
              Broken{error ? "tcp-ended-second rfc6455-7.1.1-3" : "tcp-kept-open rfc6455-5.5.1-17"});
  }
}

// RFC 6455 7.1.7: a Ping that came after the fault is data that is not processed any more. Its own Pings, and Pongs
// that answer nothing, may come from another hand (5.5.2, 5.5.3).
TEST(JudgeKinds, APongAfterItsCloseForAFault) {
  for (const bool after : {true, false}) {
    Conversation t;
    t.expects({}, end::Fails{{1002}}).sends(ws::Opcode::ping, "which");
    t.observation().sent_pings[0].after_fault = after;
    t.gets_close(1002)
        .gets(ws::Opcode::ping, "own")
        .gets(ws::Opcode::pong, "own")
        .gets(ws::Opcode::pong, "which")
        .ends();
    EXPECT_EQ(broken(t.verdict()), after ? Broken{"answered-after-failing rfc6455-7.1.7-7"} : Broken{});
  }
}

// A Close that speaks of no error answers the tester's, so that the fault was overlooked. Some codes may be.
TEST(JudgeKinds, APongAfterACloseThatSpeaksOfNoError) {
  const auto told = [](std::uint16_t tester, std::uint16_t code) {
    Conversation t;
    t.expects({}, end::Fails{{1002}}).sends(ws::Opcode::ping, "which").sends_close(tester);
    t.observation().sent_pings[0].after_fault = true;
    return broken(t.gets_close(code).gets(ws::Opcode::pong, "which").ends().verdict());
  };
  EXPECT_EQ(told(1000, 1000), Broken{"fault-ignored rfc6455-5.6-4"});
  EXPECT_EQ(told(1000, 1002), Broken{"answered-after-failing rfc6455-7.1.7-7"});
  EXPECT_EQ(told(999, 1000), Broken{"failing-code-wrong (1000) rfc6455-7.1.7-5"});
}

// RFC 6455 5.5.2: as soon as is practical, and not only when the next frame brings it out.
TEST(JudgeKinds, APongThatWaitsForTheNextFrame) {
  for (const bool silent : {true, false}) {
    Conversation t;
    t.expects({}).sends(ws::Opcode::ping, "p");
    if (silent) t.observation().seen.push_back({.kind = Seen::Kind::silent, .message = 0, .payload = "the rest"});
    t.closes_politely().gets(ws::Opcode::pong, "p").gets_close(1000).ends();
    EXPECT_EQ(broken(t.verdict()), silent ? Broken{"pong-late rfc6455-5.5.2-3"} : Broken{});
  }
}

// What it did after it had been silent for a whole time-out may be the answer to what the tester did meanwhile.
TEST(JudgeKinds, APongThatIsMissingBeforeTcpEnds) {
  Conversation t;
  t.expects({{.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = "A"}}, end::Abandoned{})
      .sends(ws::Opcode::ping, "sentinel");
  t.observation().sent_pings[0].mark = "A";
  t.observation().seen.push_back({.kind = Seen::Kind::silent, .message = 0, .payload = "the Pong of sentinel A"});
  t.ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"pong-missing rfc6455-5.5.2-2"});
}

// What is said of the tester has its clause in 7.4.1; other errors mean that what is legal was not processed (6.2).
TEST(JudgeKinds, ARefusalOfWhatIsLegal) {
  for (const auto& [code, said] : {std::pair(1002, "legal-octets-refused (1002) rfc6455-7.4.1-9"),
                                   std::pair(1007, "legal-octets-refused (1007) rfc6455-7.4.1-11"),
                                   std::pair(1011, "legal-octets-refused (1011) rfc6455-6.2-1")}) {
    Conversation t;
    t.expects({}).gets_close(static_cast<std::uint16_t>(code)).ends();
    EXPECT_EQ(broken(t.verdict()), Broken{said});
  }
  Conversation leaves, ends;
  leaves.expects({}).gets_close(1001).ends();
  EXPECT_EQ(broken(leaves.verdict()), Broken{});  // RFC 6455 7.3: servers may
  ends.expects({}).ends();
  EXPECT_EQ(broken(ends.verdict()), Broken{"tcp-ended-unasked rfc6455-7.3-3"});
}

// The application of one that does not echo may make anything of a message, but a broken rule it is not (7.3, C-27).
TEST(JudgeKinds, WhoDoesNotEchoMayCloseForItsApplication) {
  for (const auto& [code, said] : {std::pair(1008, Broken{}), std::pair(1011, Broken{}), std::pair(1003, Broken{}),
                                   std::pair(1002, Broken{"legal-octets-refused (1002) rfc6455-7.4.1-9"})}) {
    Conversation t;
    t.expects({{.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = "m"}});
    t.as_case().expect->compares_messages = false;
    t.observation().sent_pings.push_back({"m", true, "m"});
    t.gets_close(static_cast<std::uint16_t>(code)).ends();
    Broken found = broken(t.verdict());
    std::erase_if(found, [](const std::string& f) { return f.starts_with("pong-missing"); });
    EXPECT_EQ(found, said) << code;
    EXPECT_EQ(t.verdict().behavior == Behavior::failed, !said.empty()) << code << ": " << t.verdict().summary;
  }
}

// Ready-made DEFLATE data that is misread breaks the rule for such data, and not that for any message.
TEST(JudgeKinds, CompressedDataThatIsMisreadBreaksItsOwnRule) {
  const auto second_unread = [](Conversation& t, bool rsv1) -> Conversation& {
    t.as_case().requirements = {"rfc7692-7.2.1-6", "rfc7692-7.2.3.4-1"};  // a MAY; the vector with a final block
    t.expects({text_reply("one"), text_reply("two")});
    return t.sends_data("one", rsv1).sends_data("two", rsv1).gets(ws::Opcode::text, "one");
  };
  Conversation silent, refuses, differs, plain;
  second_unread(silent, true).closes_politely().gets_close(1000).ends();
  EXPECT_EQ(broken(silent.verdict()), Broken{"message-missing rfc7692-7.2.3.4-1"});
  second_unread(refuses, true).gets_close(1007).ends();
  const Broken refused = broken(refuses.verdict());
  EXPECT_NE(std::ranges::find(refused, "legal-octets-refused (1007) rfc7692-7.2.3.4-1"), refused.end());
  second_unread(differs, true).gets(ws::Opcode::text, "too").closes_politely().gets_close(1000).ends();
  EXPECT_EQ(broken(differs.verdict()), Broken{"message-differs rfc7692-7.2.3.4-1"});
  second_unread(plain, false).closes_politely().gets_close(1000).ends();
  EXPECT_EQ(broken(plain.verdict()), Broken{"message-missing rfc6455-6.2-4"});
}

// The chunk "b\r\n..." as a frame has reserved bits.
TEST(JudgeKinds, ABodyThatIsTakenForFramesBreaksTheRuleOfItsEnd) {
  Conversation t;
  t.as_case().requirements = {"rfc9112-6.3-2"};
  t.as_case().request.emplace().behind = literal("b\r\n");
  t.expects({}).gets_close(1002).ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"legal-octets-refused (1002) rfc9112-6.3-2"});
}

// RFC 6455 5.5.1 asks for an answer, whatever the code; 7.4.2 only lets one refuse it.
TEST(JudgeKinds, ACloseWithABadCodeIsACloseToAnswer) {
  Conversation silent, fails;
  silent.as_case().requirements = fails.as_case().requirements = {"rfc6455-7.4.2-1"};
  silent.expects({}, end::Fails{{1002}}).sends_close(0);
  silent.observation().ended_by_tester = true;
  EXPECT_EQ(broken(silent.verdict()), Broken{"close-unanswered rfc6455-5.5.1-10"});
  fails.expects({}, end::Fails{{1002}}).sends_close(0).gets_close(1002).ends();
  EXPECT_EQ(broken(fails.verdict()), Broken{});
}

// It did send a Close.
TEST(JudgeKinds, ABadCloseForAFaultIsNoMissingOne) {
  Conversation t;
  t.expects({}, end::Fails{{1002}}).gets_close(1005).ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"octets-illegal (close-code-invalid) rfc6455-7.4.1-2"});
}

TEST(JudgeKinds, AFaultThatIsOverlookedIsTheCasesOwn) {
  Conversation overlooks, late, other;
  overlooks.expects({}, end::Fails{{1002}}).survives().gets_close(1000).ends();
  EXPECT_EQ(broken(overlooks.verdict()), Broken{"fault-ignored rfc6455-5.6-4"});
  late.expects({}, end::Fails{{1002}}).survives().gets_close(1002).ends();
  EXPECT_EQ(broken(late.verdict()), Broken{"fault-noticed-late rfc6455-7.1.7-7 C-14"});
  other.expects({}, end::Fails{{1002}}).gets_close(1011).ends();
  EXPECT_EQ(broken(other.verdict()), Broken{"failing-code-wrong (1011) rfc6455-7.1.7-5"});
}

TEST(JudgeKinds, CodesThatNobodyMaySendHaveTheirClauses) {
  for (const auto& [code, said] : {std::pair(1005, "octets-illegal (close-code-invalid) rfc6455-7.4.1-2"),
                                   std::pair(1015, "octets-illegal (close-code-invalid) rfc6455-7.4.1-4"),
                                   std::pair(2999, "octets-illegal (close-code-invalid) rfc6455-7.4.2-5")}) {
    Conversation t;
    t.expects({}, end::Replies{{1000}}).sends_close(1000).gets_close(static_cast<std::uint16_t>(code)).ends();
    EXPECT_EQ(broken(t.verdict()), Broken{said});
  }
}

TEST(JudgeKinds, AnEchoOfOtherContentOrOtherType) {
  for (const auto& [opcode, echo, said] :
       {std::tuple(ws::Opcode::text, "hellO", "message-differs rfc6455-6.2-4"),
        std::tuple(ws::Opcode::binary, "hello", "message-type-differs rfc6455-6.2-3")}) {
    Conversation t;
    t.expects({text_reply("hello")}).sends(ws::Opcode::text, "hello").gets(opcode, echo);
    t.closes_politely().gets_close(1000).ends();
    EXPECT_EQ(broken(t.verdict()), Broken{said});
  }
}

// A Ping that fails to be answered is said once, whether the case waited for it or not.
TEST(JudgeKinds, AMarkThatIsNotPassedIsSaidOnce) {
  Conversation t;
  t.expects({{.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = "A"}});
  t.sends(ws::Opcode::ping, "sentinel");
  t.observation().sent_pings[0].mark = "A";
  t.closes_politely().gets_close(1000).ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"pong-missing rfc6455-5.5.2-2"});
}

TEST(JudgeKinds, HarmBesideTheConnection) {
  Conversation t;
  t.observation().harm = {{"the endpoint's memory grows by at most 1 MiB", "it grew from 1 to 9 MiB", "memory"}};
  t.expects({}).closes_politely().gets_close(1000).ends();
  EXPECT_EQ(broken(t.verdict()), Broken{"endpoint-harmed (memory) rfc6455-10.4-1"});
}

// --- A client under test ------------------------------------------------------------------------------

}  // namespace
}  // namespace touchstone
