#include "runner/engine/doubts.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

Attempt made(std::string id, Behavior behavior, std::string requirement = "rfc6455-5.2-1", bool waited = false) {
  Attempt attempt;
  attempt.waited = waited;
  attempt.result.case_id = std::move(id);
  attempt.result.behavior = behavior;
  Finding finding;
  finding.weight = Finding::Weight::violation;
  finding.requirement = std::move(requirement);
  attempt.result.findings.push_back(std::move(finding));
  return attempt;
}

TEST(Doubts, AreAboutWhatAccusesAndMayBeAnAccident) {
  EXPECT_TRUE(Doubts::about(made("a", Behavior::failed)));
  EXPECT_TRUE(Doubts::about(made("a", Behavior::errored)));
  EXPECT_FALSE(Doubts::about(made("a", Behavior::ok)));
  EXPECT_FALSE(Doubts::about(made("a", Behavior::non_strict)));
  EXPECT_TRUE(Doubts::about(made("a", Behavior::non_strict, "r", /*waited=*/true)));
  Attempt costly = made("a", Behavior::failed);
  costly.costly = true;  // it ran alone, and a process that has the memory does not grow again
  EXPECT_FALSE(Doubts::about(costly));
}

TEST(Doubts, LookAtTheRareOnesFirst) {
  Doubts doubts;
  doubts.add(made("often-1", Behavior::failed, "often"));
  doubts.add(made("often-2", Behavior::failed, "often"));
  doubts.add(made("rare", Behavior::failed, "rare"));
  doubts.rare_ones_first();
  EXPECT_EQ(doubts.take_next().result.case_id, "rare");
  EXPECT_EQ(doubts.take_next().result.case_id, "often-1");
}

TEST(Doubts, EndAfterManyConfirmationsButNotForSilences) {
  Doubts doubts;
  for (int i = 0; i < 25; ++i) {
    doubts.add(made("a", Behavior::failed));
    EXPECT_FALSE(doubts.next_is_beyond_doubt()) << i;
    EXPECT_FALSE(doubts.settled(doubts.take_next(), made("a", Behavior::failed)).flaky);
  }
  doubts.add(made("a", Behavior::failed));
  EXPECT_TRUE(doubts.next_is_beyond_doubt());
  (void)doubts.take_next();
  doubts.add(made("another rule", Behavior::failed, "rfc6455-6.2-4"));
  EXPECT_FALSE(doubts.next_is_beyond_doubt());
  (void)doubts.take_next();
  doubts.add(made("a", Behavior::failed, "r", /*waited=*/true));
  EXPECT_FALSE(doubts.next_is_beyond_doubt());
}

TEST(Doubts, NameBothVerdictsWhenTheRunsDiffer) {
  Doubts doubts;
  Attempt first = made("a", Behavior::failed);
  first.result.summary = "Nothing came back.";
  const Result result = doubts.settled(std::move(first), made("a", Behavior::ok));
  EXPECT_EQ(result.behavior, Behavior::ok);
  EXPECT_TRUE(result.flaky);
  EXPECT_NE(result.summary.find("FAILED: Nothing came back."), std::string::npos) << result.summary;
}

// The keys of one connection do not show what those of many do.
TEST(Doubts, LetOctetsStand) {
  for (const char* kind : {"message-differs", "mask-key-sequence", "key-repeated"}) {
    Doubts doubts;
    Attempt first = made("a", Behavior::failed);
    first.result.findings.front().kind = kind;
    const Result result = doubts.settled(std::move(first), made("a", Behavior::ok));
    EXPECT_EQ(result.behavior, Behavior::failed) << kind;
    EXPECT_TRUE(result.flaky);
    EXPECT_NE(result.summary.find("Run again, the verdict was OK"), std::string::npos) << result.summary;
  }
}

TEST(Doubts, SayThatConnectionsAreMixed) {
  Doubts::Beside beside{.first = made("a", Behavior::failed), .alone = made("a", Behavior::ok), .again = 2, .runs = 3};
  Result& first = beside.first.result;
  Finding weak;
  weak.weight = Finding::Weight::weak;
  first.findings.insert(first.findings.begin(), weak);
  first.findings.back().kind = "message-differs";
  Entry fragment;  // FIN is clear
  fragment.direction = Entry::Direction::sent;
  fragment.kind = Entry::Kind::frame;
  fragment.opcode = 1;
  fragment.octets = "what was sent";
  first.transcript.entries.push_back(fragment);
  Entry foreign = fragment;
  foreign.direction = Entry::Direction::received;
  foreign.octets = "what another sent";
  first.transcript.entries.push_back(foreign);
  const Result result = Doubts::settled(std::move(beside));
  EXPECT_EQ(result.behavior, Behavior::failed);
  ASSERT_EQ(result.findings.size(), 2u);
  EXPECT_EQ(result.findings.front().kind, "connections-mixed");
  EXPECT_EQ(result.findings.front().requirement, "rfc6455-5.4-2");
  EXPECT_NE(result.summary.find("in 2 of 3 runs"), std::string::npos) << result.summary;
}

// A program that reads lines gives back parts of what it got, as its time allows.
TEST(Doubts, DoNotSayItOfItsOwnOctets) {
  Doubts::Beside beside{.first = made("a", Behavior::failed), .alone = made("a", Behavior::ok), .again = 1, .runs = 3};
  Result& first = beside.first.result;
  first.findings.back().kind = "message-differs";
  for (const auto& [direction, octets] :
       {std::pair(Entry::Direction::sent, "first line\nsecond line"),
        std::pair(Entry::Direction::received, "first linesecond"), std::pair(Entry::Direction::received, " line")}) {
    Entry frame;
    frame.direction = direction;
    frame.kind = Entry::Kind::frame;
    frame.opcode = 1;
    frame.octets = octets;
    first.transcript.entries.push_back(frame);
  }
  const Result result = Doubts::settled(std::move(beside));
  EXPECT_EQ(result.behavior, Behavior::failed);
  EXPECT_EQ(result.findings.front().kind, "message-differs");
}

}  // namespace
}  // namespace touchstone
