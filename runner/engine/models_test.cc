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
  models.refute(Models::rule_of(silent("a").result));
  EXPECT_TRUE(models.is_refuted(silent("d")));
}

TEST(Silences, AreKnownWhenTheyAreMany) {
  Silences silences;
  for (int i = 1; i <= Silences::kEnough; ++i) {
    EXPECT_FALSE(silences.known("the Pong of sentinel last")) << i;
    silences.add("the Pong of sentinel " + std::to_string(i));
  }
  EXPECT_TRUE(silences.known("the Pong of sentinel last"));
  EXPECT_FALSE(silences.known("the end of TCP"));
}

}  // namespace
}  // namespace touchstone
