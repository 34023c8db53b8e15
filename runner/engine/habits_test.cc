#include "runner/engine/habits.h"

#include "runner/engine/verdict/weigh.h"

#include <ws/core/close.h>

#include <gtest/gtest.h>

namespace touchstone {
namespace {

using Dir = Entry::Direction;
using ws::Opcode;

Case case_with(std::string id, std::size_t messages, std::uint64_t octets = 8) {
  Case c;
  c.id = std::move(id);
  c.expect = Expect{};
  step::Message message;
  message.payload = Payload{recipe::Fill{ws::to_bytes("x"), octets}};
  c.steps.assign(messages, Step{message});
  return c;
}

// One connection, told in frames.
class Told {
 public:
  Told& frame(Dir direction, Opcode opcode, std::int64_t at_us = 0) {
    Entry entry;
    entry.kind = Entry::Kind::frame;
    entry.direction = direction;
    entry.opcode = static_cast<std::uint8_t>(opcode);
    entry.fin = true;
    entry.at_us = at_us;
    r_.transcript.entries.push_back(entry);
    (direction == Dir::sent ? r_.transcript.frames_sent : r_.transcript.frames_received) += 1;
    return *this;
  }
  Told& echoes(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) frame(Dir::sent, Opcode::text).frame(Dir::received, Opcode::text);
    return *this;
  }
  Told& closes(std::optional<std::uint16_t> code, std::int64_t at_us = 0) {
    frame(Dir::received, Opcode::close, at_us);
    r_.remote_close_code = code;
    r_.closed_by_peer_first = r_.dropped_by_peer = true;
    return accused(FindingKind::message_missing);
  }
  Told& ends_tcp() {
    r_.dropped_by_peer = true;
    return accused(FindingKind::tcp_ended_unasked);
  }
  Told& is_closed(std::int64_t at_us = 0) { return frame(Dir::sent, Opcode::close, at_us); }
  Told& accused(FindingKind kind) {
    r_.behavior = Behavior::failed;
    r_.findings.push_back(make_finding(kind, {}, "rfc6455-6.2-4"));
    return *this;
  }
  Result of(const Case& c) {
    r_.case_id = c.id;
    return r_;
  }

 private:
  Result r_;
};

// Ten connections on which all goes well, with up to so many messages.
void see_good_ones(Habits& habits, std::size_t most = 2, std::int64_t lasting_us = 1000) {
  for (std::size_t i = 0; i < 10; ++i) {
    const std::size_t n = 1 + i % most;
    const Case c = case_with("good/" + std::to_string(i), n);
    habits.see(c, Told().echoes(n).is_closed(lasting_us).of(c));
  }
}

TEST(Habits, AClientThatClosesAtOnceIsNotJudged) {
  Habits habits;
  std::vector<Result> results;
  for (int i = 0; i < 3; ++i) {
    const Case c = case_with("at-once/" + std::to_string(i), 1);
    results.push_back(Told().frame(Dir::sent, Opcode::text).closes(1000).of(c));
    habits.see(c, results.back());
  }
  EXPECT_FALSE(habits.explains(results[0])) << "nothing is known yet";
  habits.conclude();
  ASSERT_TRUE(habits.explains(results[2]));
  const Result judged = habits.without_it(results[2]);
  EXPECT_EQ(judged.behavior, Behavior::not_applicable);
  EXPECT_NE(judged.summary.find("closes by itself, with 1000"), std::string::npos) << judged.summary;
}

TEST(Habits, WhatElseItDidIsJudged) {
  Habits habits;
  const Case c = case_with("illegal", 1);
  const Result illegal =
      Told().frame(Dir::sent, Opcode::text).closes(std::nullopt).accused(FindingKind::data_after_close).of(c);
  habits.see(c, illegal);
  for (int i = 0; i < 3; ++i) {
    const Case other = case_with("at-once/" + std::to_string(i), 1);
    habits.see(other, Told().closes(std::nullopt).of(other));
  }
  habits.conclude();
  ASSERT_TRUE(habits.explains(illegal));
  const Result judged = habits.without_it(illegal);
  EXPECT_EQ(judged.behavior, Behavior::failed);
  ASSERT_EQ(judged.findings.size(), 1U);
  EXPECT_EQ(judged.findings[0].kind, "data-after-close");
}

TEST(Habits, ACloseAfterSoManyMessages) {
  Habits habits;
  see_good_ones(habits);
  Result result;
  for (std::size_t n = 3; n < 6; ++n) {
    const Case c = case_with("more/" + std::to_string(n), n);
    habits.see(c, result = Told().echoes(2).closes(1001).of(c));
  }
  habits.conclude();
  EXPECT_TRUE(habits.explains(result));
  EXPECT_NE(habits.words().find("after 2 messages"), std::string::npos) << habits.words();
}

// A fault that shows in some cases and not in others with as much in them.
TEST(Habits, AClosingInSomeCasesOnlyIsNone) {
  Habits habits;
  see_good_ones(habits);
  Result result;
  for (int i = 0; i < 4; ++i) {
    const Case c = case_with("some/" + std::to_string(i), 1);
    habits.see(c, result = Told().closes(1000).of(c));
  }
  habits.conclude();
  EXPECT_FALSE(habits.explains(result));
  EXPECT_TRUE(habits.words().empty());
}

TEST(Habits, ACodeThatAccusesIsNone) {
  Habits habits;
  for (int i = 0; i < 4; ++i) {
    const Case c = case_with("accuses/" + std::to_string(i), 1);
    const Result result = Told().closes(ws::close_code::kProtocolError).of(c);
    habits.see(c, result);
    habits.conclude();
    EXPECT_FALSE(habits.explains(result));
  }
}

TEST(Habits, ALimitOnOctetsByTheEndOfTcpIsSaidOnce) {
  Habits habits;
  see_good_ones(habits);
  std::vector<Result> results;
  for (const std::uint64_t octets : {5000U, 6000U, 70000U}) {
    const Case c = case_with("big/" + std::to_string(octets), 1, octets);
    results.push_back(Told().frame(Dir::sent, Opcode::text).ends_tcp().of(c));
    habits.see(c, results.back());
  }
  habits.conclude();
  ASSERT_TRUE(habits.explains(results[0]));
  EXPECT_EQ(habits.without_it(results[0]).behavior, Behavior::non_strict);
  EXPECT_EQ(habits.without_it(results[1]).behavior, Behavior::not_applicable);
}

// RFC 6455 5.6: a message at any time.
TEST(Habits, WhatCameBeforeItsOwnMessagesWereKnownIsNotCompared) {
  Habits habits;
  const Case c = case_with("greets", 1);
  const Result result =
      Told().frame(Dir::received, Opcode::text).echoes(1).is_closed().accused(FindingKind::message_differs).of(c);
  habits.see(c, result);
  EXPECT_FALSE(habits.explains(result));
  habits.heard_unclearly(c.id);
  ASSERT_TRUE(habits.explains(result));
  EXPECT_EQ(habits.without_it(result).behavior, Behavior::not_applicable);
  Result worse = result;
  worse.findings.push_back(make_finding(FindingKind::data_after_close, {}, "rfc6455-5.5.1-10"));
  EXPECT_EQ(habits.without_it(worse).behavior, Behavior::failed) << "no more than that";
}

// RFC 6455 5.2: who ends TCP from the first length of 16 or of 64 bits on misreads it.
TEST(Habits, ABorderOfTheLengthIsNoLimit) {
  Habits habits;
  for (std::size_t i = 0; i < 10; ++i) {
    const Case c = case_with("good/" + std::to_string(i), 1, 125);
    habits.see(c, Told().echoes(1).is_closed().of(c));
  }
  Result result;
  for (const std::uint64_t octets : {126U, 127U, 65536U}) {
    const Case c = case_with("big/" + std::to_string(octets), 1, octets);
    habits.see(c, result = Told().frame(Dir::sent, Opcode::text).ends_tcp().of(c));
  }
  habits.conclude();
  EXPECT_FALSE(habits.explains(result));
}

TEST(Habits, ATimerThatNobodyStops) {
  constexpr std::int64_t kMilli = 1000;
  Habits habits;
  see_good_ones(habits, 2, 140 * kMilli);
  Result result;
  for (int i = 0; i < 3; ++i) {
    const Case c = case_with("long/" + std::to_string(i), 2);
    habits.see(c, result = Told().echoes(1).closes(1001, (150 + i) * kMilli).of(c));
  }
  habits.conclude();
  EXPECT_TRUE(habits.explains(result));
  EXPECT_NE(habits.words().find("lasts 130 ms"), std::string::npos) << habits.words();
}

// A busy machine makes it late.
TEST(Habits, ATimerThatIsLate) {
  constexpr std::int64_t kMilli = 1000;
  Habits habits;
  see_good_ones(habits, 2, 250 * kMilli);
  Result result;
  for (const std::int64_t at : {300, 400, 1100}) {
    const Case c = case_with("long/" + std::to_string(at), 2);
    habits.see(c, result = Told().echoes(1).closes(1000, at * kMilli).of(c));
  }
  habits.conclude();
  EXPECT_TRUE(habits.explains(result));
  const Case lasting = case_with("lasting", 1);
  habits.see(lasting, Told().echoes(1).is_closed(2000 * kMilli).of(lasting));
  habits.conclude();
  EXPECT_FALSE(habits.explains(result)) << "one that was left alone for so long";
}

// What is the largest in something may have a fault of its own: who can be asked is asked.
TEST(Habits, AreTriedWhereTheEndpointCanBeAsked) {
  constexpr std::int64_t kMilli = 1000;
  for (const bool closes : {true, false}) {
    Habits habits;
    see_good_ones(habits, 2, 400 * kMilli);
    const Case c = case_with("slow", 2);
    Result result = Told().echoes(1).closes(1000, 300 * kMilli).of(c);
    result.duration_ms = 300;
    habits.see(c, result);
    int trials = 0;
    while (const auto trial = habits.trial()) {
      ++trials;
      ASSERT_FALSE(trial->steps.empty());
      EXPECT_GE(waits(*trial), std::chrono::milliseconds(300));
      habits.settle(closes ? Told().closes(1000, 150 * kMilli).of(*trial) : Told().is_closed(800 * kMilli).of(*trial));
    }
    EXPECT_EQ(trials, closes ? 1 : 2);
    habits.conclude();
    EXPECT_EQ(habits.explains(result), closes);
    EXPECT_EQ(habits.words().find("lasts 130 ms") != std::string::npos, closes) << habits.words();
  }
}

// Of a limit on octets that only one case reaches the trial has nothing but the octets.
TEST(Habits, ALimitThatATrialDoesNotShowIsAFault) {
  Habits habits;
  see_good_ones(habits);
  const Case c = case_with("big", 1, 70'000);
  const Result result = Told().frame(Dir::sent, Opcode::text).closes(ws::close_code::kMessageTooBig).of(c);
  habits.see(c, result);
  std::vector<Case> trials;
  while (const auto trial = habits.trial()) {
    trials.push_back(*trial);
    habits.settle(Told().echoes(2).is_closed().of(*trial));
  }
  ASSERT_FALSE(trials.empty());
  EXPECT_EQ(sizes_of(trials.front()).message, 70'000U);
  habits.conclude();
  EXPECT_FALSE(habits.explains(result));
}

}  // namespace
}  // namespace touchstone
