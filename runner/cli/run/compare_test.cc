#include "runner/cli/run/compare.h"

#include "reports/support/json_members.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Texts kTexts;

Journal journal(const std::string& endpoint, const std::vector<std::pair<std::string, Behavior>>& results) {
  Journal made;
  made.run.endpoints = {{endpoint, "ws://h/", ""}};
  made.run.complete = true;
  for (const auto& [id, behavior] : results) {
    Result& result = made.results.emplace_back();
    result.case_id = id;
    result.endpoint = endpoint;
    result.behavior = behavior;
    result.summary = "summary of " + id;
  }
  return made;
}

const Journal kBefore = journal("ws 7", {{"same", Behavior::failed},
                                         {"broke", Behavior::ok},
                                         {"fixed", Behavior::errored},
                                         {"weaker", Behavior::ok},
                                         {"gone", Behavior::ok}});
const Journal kAfter = journal("ws 8", {{"same", Behavior::failed},
                                        {"broke", Behavior::failed},
                                        {"fixed", Behavior::ok},
                                        {"weaker", Behavior::non_strict},
                                        {"new", Behavior::ok},
                                        {"new-and-bad", Behavior::failed}});

std::vector<std::string> ids(const Comparison& comparison, Change::Kind kind) {
  std::vector<std::string> found;
  for (const Change* change : comparison.of(kind)) {
    found.push_back((change->after != nullptr ? change->after : change->before)->case_id);
  }
  return found;
}

TEST(Compare, SortsChangesByWhatTheyMean) {
  const Comparison comparison(kBefore, kAfter, kTexts);
  EXPECT_THAT(ids(comparison, Change::Kind::new_failure), ElementsAre("broke", "new-and-bad"));
  EXPECT_THAT(ids(comparison, Change::Kind::fixed), ElementsAre("fixed"));
  EXPECT_THAT(ids(comparison, Change::Kind::changed), ElementsAre("weaker"));
  EXPECT_THAT(ids(comparison, Change::Kind::only_first), ElementsAre("gone"));
  EXPECT_THAT(ids(comparison, Change::Kind::only_second), ElementsAre("new"));
  EXPECT_TRUE(comparison.regressed());
  EXPECT_FALSE(Comparison(kAfter, kAfter, kTexts).regressed());
  EXPECT_THAT(Comparison(kAfter, kAfter, kTexts).changes(), IsEmpty());
}

TEST(Compare, ToldSeveralEndpointsByName) {
  Journal two = kBefore;
  two.run.endpoints.push_back({"ws 8", "ws://i/", ""});
  two.results.insert(two.results.end(), kAfter.results.begin(), kAfter.results.end());
  const Comparison comparison(two, kAfter, kTexts);
  EXPECT_FALSE(comparison.regressed());
  EXPECT_THAT(comparison.of(Change::Kind::only_first), SizeIs(kBefore.results.size()));
}

TEST(Compare, WarnsOfRunsThatAreNotAlike) {
  Journal other = kAfter;
  other.run.profile = "core";
  other.run.complete = false;
  EXPECT_THAT(Comparison(kBefore, other, kTexts).warnings(),
              ElementsAre(HasSubstr("profile"), HasSubstr("second run is partial")));
}

TEST(Compare, SaysTheSameInEveryFormat) {
  Journal hostile = kAfter;
  hostile.results[1].summary = "a | b <script>";
  const Comparison comparison(kBefore, hostile, kTexts);
  const std::string text = compare_text(comparison), markdown = compare_markdown(comparison);
  EXPECT_THAT(text, HasSubstr("broke  OK -> FAILED"));
  EXPECT_THAT(text, HasSubstr("New failures: 2, fixed: 1, other changes: 1, only in the first run: 1"));
  EXPECT_THAT(markdown, HasSubstr("| broke | OK -&gt; FAILED |"));
  EXPECT_THAT(markdown, Not(HasSubstr("<script>")));
  const auto json = parse_json(compare_json(comparison));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["new_failures"].size(), 2u);
  EXPECT_EQ((*json)["new_failures"][0]["before"]["behavior"], "OK");
  EXPECT_TRUE((*json)["only_first"][0]["after"].is_null());
}

Journal with_findings(const std::vector<Finding>& findings) {
  Journal made = journal("ws", {});
  for (const Finding& finding : findings) {
    Result& result = made.results.emplace_back();
    result.case_id = finding.kind + "/" + finding.evidence;
    result.endpoint = "ws";
    result.behavior = Behavior::failed;
    result.findings = {finding};
  }
  return made;
}

TEST(Compare, SpeaksOfCausesThatAreNewOrGone) {
  const auto weight = Finding::Weight::violation;
  const Journal before = with_findings({{weight, "r", "e", "s", "stays"}, {weight, "r", "e", "s", "goes"}});
  const Journal after = with_findings(
      {{weight, "r", "e", "s", "stays"}, {weight, "r", "e", "s", "comes", "1"}, {weight, "r", "e", "s", "comes", "2"}});
  const Comparison comparison(before, after, kTexts);
  ASSERT_THAT(comparison.new_causes(), SizeIs(2));
  EXPECT_EQ(comparison.new_causes()[1].cause->id, "r/comes/2");
  ASSERT_THAT(comparison.gone_causes(), SizeIs(1));
  EXPECT_EQ(comparison.gone_causes()[0].cause->id, "r/goes");
  EXPECT_THAT(compare_text(comparison), HasSubstr("New causes: 2, gone: 1."));
  EXPECT_THAT(compare_text(comparison), HasSubstr("FAILED  r/comes/1: explains 1 case"));
  EXPECT_THAT(compare_markdown(comparison), HasSubstr("## Causes that are gone"));
  const auto json = parse_json(compare_json(comparison));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["new_causes"].size(), 2u);
  EXPECT_EQ((*json)["gone_causes"][0]["id"], "r/goes");
}

TEST(Compare, ACaseThatAFaultHidesNowIsANewFailure) {
  Journal hidden = journal("ws", {{"a", Behavior::not_applicable}});
  hidden.results[0].hidden = true;
  const Journal before = journal("ws", {{"a", Behavior::ok}});
  EXPECT_TRUE(Comparison(before, hidden, kTexts).regressed());
  EXPECT_THAT(compare_text(Comparison(before, hidden, kTexts)), HasSubstr("OK -> NOT-APPLICABLE, hidden"));
}

}  // namespace
}  // namespace touchstone::cli
