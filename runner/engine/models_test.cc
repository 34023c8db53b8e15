#include "runner/engine/models.h"

#include "runner/engine/talk/silences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using ::testing::HasSubstr;

Attempt silent(std::string id, std::string requirement = "rfc6455-5.5.2-2") {
  Attempt attempt;
  attempt.waited = true;
  attempt.result.case_id = std::move(id);
  attempt.result.behavior = Behavior::failed;
  Finding finding;
  finding.weight = Finding::Weight::violation;
  finding.requirement = std::move(requirement);
  finding.kind = "pong-missing";
  finding.expected = "a Pong";
  finding.seen = "none";
  attempt.result.findings.push_back(std::move(finding));
  return attempt;
}

TEST(Models, StandForThoseThatBreakTheSameRule) {
  Models models;
  for (const char* id : {"a", "b"}) models.add(silent(id));
  EXPECT_FALSE(models.has_for(silent("d")));
  models.add(silent("c"));
  EXPECT_TRUE(models.has_for(silent("d")));
  EXPECT_FALSE(models.has_for(silent("d", "rfc6455-5.5.1-10")));
}

TEST(Models, HideWhatIsLikeThem) {
  Models models;
  for (const char* id : {"a", "b", "c", "d"}) models.add(silent(id));
  const Result result = models.not_judged(silent("e"));
  EXPECT_EQ(result.behavior, Behavior::not_applicable);
  EXPECT_TRUE(result.hidden);
  EXPECT_THAT(result.summary, HasSubstr("Not judged: like a, b, c,"));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings.front().requirement, "rfc6455-5.5.2-2");
}

TEST(Models, StandForNobodyOnceOneWasAnAccident) {
  Models models;
  for (const char* id : {"a", "b", "c"}) models.add(silent(id));
  models.refute(silent("a"));
  EXPECT_TRUE(models.is_refuted(silent("d")));
}

// What waits for the same that never comes is alike, whatever rule it breaks.
TEST(Models, StandForWhatLacksTheSameThatNeverCame) {
  Models models;
  for (const char* id : {"a", "b", "c"}) {
    Attempt waited = silent(id);
    waited.lacks = "the Pong";
    models.add(waited);
  }
  Attempt brief = silent("d", "rfc6455-5.5.1-10");
  brief.lacks = "the Pong";
  EXPECT_FALSE(models.has_for(brief)) << "it came in other cases";
  brief.hopeless = true;
  EXPECT_TRUE(models.has_for(brief));
  EXPECT_THAT(models.not_judged(brief).summary, HasSubstr("Not judged: like a, b, c,"));
  models.refute(brief);
  EXPECT_FALSE(models.has_for(brief));
}

using std::chrono::milliseconds;

constexpr milliseconds kWhole{5000}, kMoment{10};

Silences::Patience patience(const Silences& silences, std::string_view what, bool must_prove = false,
                            bool heavy = false) {
  return silences.patience(what, kWhole, kMoment, must_prove, heavy);
}

TEST(Silences, AreWaitedForInFullUntilTheyAreMany) {
  Silences silences;
  for (int i = 1; i <= Silences::kEnough; ++i) {
    EXPECT_EQ(patience(silences, "the Pong of sentinel last").time, kWhole) << i;
    silences.add("the Pong of sentinel " + std::to_string(i));
  }
  EXPECT_TRUE(silences.is_hopeless("the Pong of sentinel last"));
  EXPECT_EQ(patience(silences, "the Pong of sentinel last").time, kMoment);
  EXPECT_FALSE(patience(silences, "the Pong of sentinel last").is_proof);
  EXPECT_EQ(patience(silences, "the Pong of sentinel last", /*must_prove=*/true).time, kWhole);
  EXPECT_EQ(patience(silences, "the end of TCP").time, kWhole);
}

// What came in every other case within a few milliseconds does not come after a second.
TEST(Silences, AreProvedByWhatTheSameTookElsewhere) {
  Silences silences;
  for (int i = 0; i < Silences::kEnough; ++i) silences.add("the end of the connection");
  for (int i = 0; i < Silences::kOften; ++i) silences.came_after("the end of the connection", milliseconds(3 + i));
  const auto usual = patience(silences, "the end of the connection");
  EXPECT_TRUE(usual.is_proof);
  EXPECT_EQ(usual.time, Silences::kLeast);
  EXPECT_EQ(patience(silences, "the end of the connection", false, /*heavy=*/true).time, kWhole);
  for (int i = 0; i < 10 * Silences::kOften; ++i) silences.came_after("the end of the connection", milliseconds(40));
  EXPECT_GT(patience(silences, "the end of the connection").time, milliseconds(1500)) << "times the mean";
  silences.came_after("the end of the connection", milliseconds(2000));
  EXPECT_EQ(patience(silences, "the end of the connection").time, Silences::kLong * milliseconds(2000));
}

// Nobody is accused by the time-out alone: who takes his time has more of it.
TEST(Silences, AreLongerWhereTheSameTakesLong) {
  Silences silences;
  silences.came_after("the echo of message 1", milliseconds(2000));
  EXPECT_EQ(patience(silences, "the echo of message 2").time, Silences::kSlack * milliseconds(2000));
  silences.came_after("the echo of message 1", milliseconds(4900));
  EXPECT_EQ(patience(silences, "the echo of message 2").time, Silences::kMost * kWhole);
}

}  // namespace
}  // namespace touchstone
