#include "runner/cli/run/expectations.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Surprise::Kind;

Result result(const std::string& id, Behavior behavior, const std::string& alias = "") {
  Result made;
  made.case_id = id;
  if (!alias.empty()) made.aliases = {alias};
  made.behavior = behavior;
  made.summary = "what happened";
  return made;
}

Expectations of(const std::string& text) {
  auto read = parse_expectations("known.json", text);
  EXPECT_TRUE(read) << read.error();
  return read ? *read : Expectations();
}

Expectations accepting(const std::string& verdicts, const std::string& cases) {
  return of(R"({"expectations": 1, "accepted": [{"behavior": )" + verdicts + R"(, "reason": "why", "cases": )" + cases +
            "}]}");
}

std::vector<Kind> kinds(const Expectations& expectations, const std::vector<Result>& results) {
  std::vector<Kind> found;
  for (const Surprise& each : surprises(expectations, results, [](std::string_view id) { return id != "no/case"; })) {
    found.push_back(each.kind);
  }
  return found;
}

TEST(Expectations, AcceptsWhatIsListed) {
  const auto file = accepting(R"(["FAILED"])", R"(["a/1", "7.1"])");
  EXPECT_THAT(kinds(file, {result("a/1", Behavior::failed), result("a/2", Behavior::failed, "7.1"),
                           result("a/3", Behavior::ok), result("a/4", Behavior::non_strict)}),
              IsEmpty());
}

TEST(Expectations, TellsAFailureThatIsNotListed) {
  EXPECT_THAT(kinds(Expectations(), {result("a", Behavior::failed), result("b", Behavior::errored)}),
              ElementsAre(Kind::new_failure, Kind::new_failure));
}

TEST(Expectations, TellsAListedCaseThatPasses) {
  const auto file = accepting(R"(["FAILED"])", R"(["a"])");
  EXPECT_THAT(kinds(file, {result("a", Behavior::ok)}), ElementsAre(Kind::unexpected_pass));
  EXPECT_THAT(kinds(file, {result("a", Behavior::non_strict)}), ElementsAre(Kind::changed));
}

TEST(Expectations, AnErrorIsNotTheFailureThatIsAccepted) {
  EXPECT_THAT(kinds(accepting(R"(["FAILED"])", R"(["a"])"), {result("a", Behavior::errored)}),
              ElementsAre(Kind::new_failure));
}

TEST(Expectations, AcceptsAnyOfSeveralVerdicts) {
  const auto file = accepting(R"(["FAILED", "OK"])", R"(["a", "b"])");
  EXPECT_THAT(kinds(file, {result("a", Behavior::ok), result("b", Behavior::failed)}), IsEmpty());
}

TEST(Expectations, LooksAtTheClosingOnlyWhenTold) {
  Result unclean = result("a", Behavior::ok);
  unclean.closing = Closing::unclean;
  EXPECT_THAT(kinds(accepting(R"(["OK"])", R"(["a"])"), {unclean}), IsEmpty());
  EXPECT_THAT(kinds(accepting(R"(["OK"], "closing": ["OK"])", R"(["a"])"), {unclean}), ElementsAre(Kind::changed));
}

TEST(Expectations, TellsEntriesThatNothingBearsOut) {
  const auto all = surprises(accepting(R"(["FAILED"])", R"(["no/case", "not/run"])"), {},
                             [](std::string_view id) { return id != "no/case"; });
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].kind, Kind::stale);
  EXPECT_THAT(all[0].text, HasSubstr("no case of the catalogue"));
  EXPECT_THAT(all[1].text, HasSubstr("did not run"));
}

TEST(Expectations, TellsFewerCasesThanAskedFor) {
  const auto file = of(R"({"expectations": 1, "at_least": 2, "accepted": []})");
  EXPECT_THAT(kinds(file, {result("a", Behavior::ok)}), ElementsAre(Kind::too_few));
  EXPECT_THAT(kinds(file, {result("a", Behavior::ok), result("b", Behavior::ok)}), IsEmpty());
}

TEST(Expectations, RefusesWhatItDoesNotUnderstand) {
  const auto says = [](const std::string& text) {
    const auto read = parse_expectations("known.json", text);
    return read ? std::string("no fault") : read.error();
  };
  EXPECT_THAT(says("{"), HasSubstr("known.json"));
  EXPECT_THAT(says(R"({"expectations": 2, "accepted": []})"), HasSubstr("/expectations"));
  EXPECT_THAT(says(R"({"expectations": 1, "accepted": [{"behavior": ["MAYBE"], "reason": "x", "cases": []}]})"),
              HasSubstr("/accepted/0/behavior: found \"MAYBE\""));
  EXPECT_THAT(says(R"({"expectations": 1, "accepted": [{"behavior": ["FAILED"], "reason": "", "cases": []}]})"),
              HasSubstr("/accepted/0/reason"));
  EXPECT_THAT(
      says(R"({"expectations": 1, "accepted": [{"behavior": ["FAILED"], "reason": "x", "cases": ["a", "a"]}]})"),
      HasSubstr("\"a\" again"));
}

TEST(Expectations, AreWrittenAsTheyAreRead) {
  const std::string text = write_expectations(
      of(R"({"expectations": 1, "at_least": 3, "accepted": [{"behavior": ["FAILED"], "closing": ["UNCLEAN"],
             "reason": "é", "link": "l", "cases": ["a"]}]})"));
  EXPECT_EQ(write_expectations(of(text)), text);
}

TEST(Expectations, AnUpdateExpectsItsRun) {
  const auto old = accepting(R"(["FAILED"])", R"(["kept", "passes", "gone"])");
  const std::vector<Result> results = {result("kept", Behavior::failed), result("passes", Behavior::ok),
                                       result("new", Behavior::failed), result("weak", Behavior::non_strict)};
  const Updated updated = update(old, results);
  EXPECT_EQ(updated.kept, 1u);
  EXPECT_EQ(updated.dropped, 2u);
  EXPECT_EQ(updated.added, 1u);
  EXPECT_THAT(kinds(updated.expectations, results), IsEmpty());
  EXPECT_FALSE(updated.expectations.at_least);
  ASSERT_THAT(updated.expectations.accepted, SizeIs(2));
  EXPECT_EQ(updated.expectations.accepted[0].reason, "why");
  EXPECT_THAT(updated.expectations.accepted[1].reason, testing::StartsWith(std::string(kUnexplained)));
}

}  // namespace
}  // namespace touchstone::cli
