#include "runner/cli/run/summary.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Result result_with(std::string id, Behavior behavior, std::string requirement = "", std::string seen = "seen") {
  Result made;
  made.case_id = std::move(id);
  made.agent = "server";
  made.behavior = behavior;
  made.summary = "what happened";
  made.expectation = "what should happen";
  made.replay = "touchstone test ws://h/ --case " + made.case_id;
  const auto weight = behavior == Behavior::non_strict ? Finding::Weight::weak : Finding::Weight::violation;
  if (!requirement.empty()) made.findings.push_back({weight, requirement, "expected", std::move(seen)});
  return made;
}

Catalogue small_catalogue() {
  Catalogue made;
  Requirement rule;
  rule.id = "rfc6455-5.1-3";
  rule.rfc = 6455;
  rule.section = "5.1";
  rule.level = "MUST";
  rule.rule = "A server closes the connection when a frame is not masked.";
  made.requirements_.push_back(rule);
  return made;
}

TEST(Summary, IsEmptyWhenAllIsWell) {
  EXPECT_THAT(
      summarize({result_with("a", Behavior::ok), result_with("b", Behavior::informational)}, small_catalogue(), {}),
      IsEmpty());
  EXPECT_THAT(summarize({}, small_catalogue(), {}), IsEmpty());
}

TEST(Summary, GroupsByRuleAndByWhatWasSeen) {
  const std::vector<Result> results = {
      result_with("a", Behavior::failed, "rfc6455-5.1-3"), result_with("b", Behavior::failed, "other"),
      result_with("c", Behavior::failed, "rfc6455-5.1-3"), result_with("d", Behavior::failed, "rfc6455-5.1-3", "else")};
  const auto groups = group_failures(results);
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].requirement, "rfc6455-5.1-3");
  ASSERT_THAT(groups[0].shapes, SizeIs(2));
  EXPECT_THAT(groups[0].shapes[0].results, SizeIs(2));
}

TEST(Summary, PutsFailuresBeforeErrorsBeforeNonStrict) {
  const std::vector<Result> results = {result_with("a", Behavior::non_strict, "x"), result_with("b", Behavior::errored),
                                       result_with("c", Behavior::failed, "x")};
  const auto groups = group_failures(results);
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_EQ(groups[0].behavior, Behavior::failed);
  EXPECT_EQ(groups[1].behavior, Behavior::errored);
  EXPECT_EQ(groups[2].behavior, Behavior::non_strict);
}

TEST(Summary, TakesTheHeaviestFinding) {
  Result two = result_with("a", Behavior::failed, "the-violation");
  two.findings.insert(two.findings.begin(), {Finding::Weight::choice, "a-choice", "", ""});
  EXPECT_EQ(group_failures({two}).front().requirement, "the-violation");
}

TEST(Summary, SaysRuleExpectedSeenAndHowToRepeat) {
  const std::string text = summarize({result_with("a", Behavior::failed, "rfc6455-5.1-3")}, small_catalogue(), {});
  EXPECT_THAT(text, HasSubstr("FAILED  rfc6455-5.1-3 (RFC 6455 section 5.1, MUST)"));
  EXPECT_THAT(text, HasSubstr("A server closes the connection when a frame is not masked."));
  EXPECT_THAT(text, HasSubstr("expected  expected\n"));
  EXPECT_THAT(text, HasSubstr("seen      seen\n"));
  EXPECT_THAT(text, HasSubstr("replay    touchstone test ws://h/ --case a\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Summary, ShortensLongGroups) {
  std::vector<Result> results;
  for (int i = 0; i < 30; ++i) results.push_back(result_with("alike/" + std::to_string(i), Behavior::failed, "r"));
  EXPECT_THAT(summarize(results, small_catalogue(), {.colour = false, .width = 400}), HasSubstr("and 21 more"));
  results.clear();
  for (int i = 0; i < 30; ++i) {
    results.push_back(result_with("odd/" + std::to_string(i), Behavior::failed, "r", std::to_string(i)));
  }
  const std::string text = summarize(results, small_catalogue(), {.colour = false, .width = 400});
  EXPECT_THAT(text, HasSubstr("in other ways odd/5"));
  EXPECT_THAT(text, HasSubstr("and 17 more"));
}

TEST(Summary, NamesAgentsOnlyWhenThereAreSeveral) {
  Result other = result_with("a", Behavior::failed, "r");
  EXPECT_THAT(summarize({other}, small_catalogue(), {}), Not(HasSubstr("server")));
  other.agent = "second";
  EXPECT_THAT(summarize({result_with("a", Behavior::failed, "r"), other}, small_catalogue(), {}),
              HasSubstr("FAILED second"));
}

TEST(Summary, MarksFlakyResults) {
  Result flaky = result_with("a", Behavior::failed, "r");
  flaky.flaky = true;
  EXPECT_THAT(summarize({flaky}, small_catalogue(), {}), HasSubstr("a [flaky]"));
}

}  // namespace
}  // namespace touchstone::cli
