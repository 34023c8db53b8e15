#include "runner/cli/run/summary.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Result result_with(std::string id, Behavior behavior, std::string requirement = "", std::string seen = "what came") {
  Result made;
  made.case_id = std::move(id);
  made.title = "The title of " + made.case_id;
  made.endpoint = "server";
  made.behavior = behavior;
  made.summary = "what happened";
  made.expectation = "what should happen";
  made.replay = "touchstone test ws://h/ --case " + made.case_id;
  const auto weight = behavior == Behavior::non_strict ? Finding::Weight::weak : Finding::Weight::violation;
  if (!requirement.empty())
    made.findings.push_back({weight, requirement, "what would be fine", std::move(seen), "a-kind"});
  return made;
}

const Texts& texts() {
  static const Texts made = {{{"rfc6455-5.1-3",
                               {"rfc6455-5.1-3", 6455, "5.1", "MUST", "server",
                                "A server closes the connection when a frame is not masked."}}},
                             {{"C-22", "a Close may be lost with the connection"}}};
  return made;
}

std::string summary_of(const std::vector<Result>& results, std::size_t width = 400) {
  const RunInfo run;
  return summarize(Report(run, results, texts()), {.colour = false, .width = width});
}

TEST(Summary, IsEmptyWhenAllIsWell) {
  EXPECT_THAT(summary_of({result_with("a", Behavior::ok), result_with("b", Behavior::informational)}), IsEmpty());
  EXPECT_THAT(summary_of({}), IsEmpty());
}

TEST(Summary, SaysTitleRuleExpectedSeenClauseAndHowToRepeatEachOnALineOfItsOwn) {
  EXPECT_EQ(summary_of({result_with("a", Behavior::failed, "rfc6455-5.1-3")}), R"(
1 cause explains 1 case.

FAILED  cause 1 explains 1 case
  The title of a
    case      a
    rule      rfc6455-5.1-3: A server closes the connection when a frame is not masked.
    expected  what would be fine
    seen      what came
    clause    RFC 6455 section 5.1, MUST
    replay    touchstone test ws://h/ --case a
)");
}

TEST(Failure, SaysExpectedAndSeenOnLinesOfTheirOwn) {
  EXPECT_EQ(failure_lines(result_with("a", Behavior::failed, "rfc6455-5.1-3")),
            (std::vector<std::string>{"FAILED a", "    expected  what would be fine", "    seen      what came"}));
  EXPECT_EQ(failure_lines(result_with("a", Behavior::errored), "server"),
            (std::vector<std::string>{"ERRORED server a: what happened"}));
}

TEST(Summary, SaysTheReasonOfAChoiceInPlaceOfTheLevel) {
  Result weak = result_with("a", Behavior::non_strict, "rfc6455-5.1-3");
  weak.findings[0].choice = "C-22";
  EXPECT_THAT(summary_of({weak}),
              HasSubstr("clause    RFC 6455 section 5.1, C-22: a Close may be lost with the connection\n"));
  EXPECT_THAT(summary_of({weak}), Not(HasSubstr("MUST")));
  weak.findings[0].choice.clear();
  EXPECT_THAT(summary_of({weak}), Not(HasSubstr("MUST"))) << "an old journal does not say why it is weak";
}

TEST(Summary, FoldsTheCasesOfACauseAndSaysWhatItHides) {
  std::vector<Result> results;
  for (int i = 0; i < 300; ++i) {
    const bool hidden = i >= 278;
    results.push_back(
        result_with("group/" + std::to_string(i), hidden ? Behavior::not_applicable : Behavior::failed, "r"));
    results.back().hidden = hidden;
  }
  const std::string text = summary_of(results);
  EXPECT_THAT(text, HasSubstr("1 cause explains 278 cases and hides 22 more.\n"));
  EXPECT_THAT(text, HasSubstr("FAILED  cause 1 explains 278 cases, hides 22\n"));
  EXPECT_THAT(text, HasSubstr("also in   group/1, group/2, "));
  EXPECT_THAT(text, HasSubstr(" and 269 more\n"));
  EXPECT_THAT(text, HasSubstr("hides     group/278, "));
}

TEST(Summary, LeavesThatWhichNobodyWouldReadToTheReport) {
  std::vector<Result> results;
  for (int i = 0; i < 23; ++i) results.push_back(result_with("c", Behavior::failed, "r-" + std::to_string(i)));
  EXPECT_THAT(summary_of(results), HasSubstr("\n3 more causes are in the report.\n"));
}

TEST(Summary, TellsCasesThatCouldNotBeRun) {
  EXPECT_THAT(summary_of({result_with("a", Behavior::errored)}),
              HasSubstr("ERRORED  cause 1 explains 1 case\n  The title of a\n    case      a\n"
                        "    expected  what should happen\n    seen      what happened\n"));
}

TEST(Summary, NamesAgentsOnlyWhenThereAreSeveral) {
  Result other = result_with("a", Behavior::failed, "r");
  EXPECT_THAT(summary_of({other}), Not(HasSubstr("server")));
  other.endpoint = "second";
  EXPECT_THAT(summary_of({result_with("a", Behavior::failed, "r"), other}),
              HasSubstr("second: 1 cause explains 1 case.\n"));
}

TEST(Summary, MarksFlakyResults) {
  Result flaky = result_with("a", Behavior::failed, "r");
  flaky.flaky = true;
  EXPECT_THAT(summary_of({flaky}), HasSubstr("a [flaky]"));
}

}  // namespace
}  // namespace touchstone::cli
