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

}  // namespace
}  // namespace touchstone
