#include "reports/causes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "reports/report.h"

namespace touchstone {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Weight = Finding::Weight;

const Finding kOpening{Weight::violation,        "rfc7692-7.1.2.2-1",     "no parameter that was not offered",
                       "client_max_window_bits", "parameter-not-offered", "client_max_window_bits"};
const Finding kEcho{Weight::violation, "rfc6455-5.6-4", "the message comes back", "another message", "echo-differs"};
const Finding kWeak{Weight::weak, "rfc6455-7.1.7-5", "a Close frame first", "the end of the stream",
                    "failed-without-close"};

// A made-up run: results in reading order, each with its verdict from its gravest finding.
class MadeUp {
 public:
  Result& add(std::string id, std::vector<Finding> findings, std::uint64_t frames = 4) {
    Result& result = results_.emplace_back();
    result.case_id = std::move(id);
    result.endpoint = "server";
    result.behavior = Behavior::ok;
    result.findings = std::move(findings);
    result.transcript.frames_sent = frames;
    for (const Finding& finding : result.findings) {
      if (finding.weight == Weight::violation) result.behavior = Behavior::failed;
      if (finding.weight == Weight::weak && result.behavior == Behavior::ok) result.behavior = Behavior::non_strict;
    }
    return result;
  }
  Result& hide(std::string id, std::vector<Finding> findings) {
    Result& result = add(std::move(id), std::move(findings));
    result.behavior = Behavior::not_applicable;
    result.hidden = true;
    return result;
  }
  Causes causes() const {
    std::vector<const Result*> pointers;
    for (const Result& result : results_) pointers.push_back(&result);
    return Causes(pointers);
  }
  const std::vector<Result>& results() const { return results_; }

 private:
  std::vector<Result> results_;
};

std::vector<std::string> ids(const Causes& causes) {
  std::vector<std::string> out;
  for (const Cause& cause : causes.all()) out.push_back(cause.id);
  return out;
}

TEST(Causes, OneFaultOfTheOpeningInAllAndASecondInSomeAreTwo) {
  MadeUp run;
  for (int i = 0; i < 278; ++i) {
    run.add(fmt::format("deflate/{}", i), i % 14 == 3 ? std::vector{kEcho, kOpening} : std::vector{kOpening});
  }
  const Causes causes = run.causes();
  ASSERT_THAT(causes.all(), SizeIs(2));
  const Cause &opening = causes.all()[0], &echo = causes.all()[1];
  EXPECT_EQ(opening.id, "rfc7692-7.1.2.2-1/parameter-not-offered/client_max_window_bits");
  EXPECT_EQ(opening.number, 1u);
  EXPECT_THAT(opening.cases, SizeIs(278));
  EXPECT_EQ(reach(opening), "explains 278 cases");
  EXPECT_EQ(echo.id, "rfc6455-5.6-4/echo-differs");
  EXPECT_THAT(echo.cases, SizeIs(20));
  EXPECT_EQ(reach(echo), "is in 20 cases of other causes");
  EXPECT_EQ(headline(causes), "2 causes explain 278 cases");
  for (const Result& result : run.results()) EXPECT_EQ(causes.of(result), &opening);
}

TEST(Causes, AResultBelongsToItsGravestFindingHoweverManyShareAnother) {
  MadeUp run;
  for (int i = 0; i < 9; ++i) run.add(fmt::format("weak/{}", i), {kWeak});
  const Result& both = run.add("both", {kWeak, kEcho});
  const Causes causes = run.causes();
  EXPECT_THAT(ids(causes), ElementsAre("rfc6455-5.6-4/echo-differs", "rfc6455-7.1.7-5/failed-without-close"));
  EXPECT_EQ(causes.of(both)->number, 1u);
  EXPECT_EQ(reach(causes.all()[1]), "explains 9 cases, is in 1 more");
  EXPECT_EQ(headline(causes), "2 causes explain 10 cases (1 FAILED, 9 NON-STRICT)");
}

TEST(Causes, OfEquallyGraveAndCommonFindingsTheFirstIsTheRoot) {
  MadeUp run;
  const Result& result = run.add("a", {kOpening, kEcho});
  EXPECT_EQ(run.causes().of(result)->finding.kind, "parameter-not-offered");
}

// However many share what follows: the connection failed, and so the echo and the Pong did not come.
TEST(Causes, WhatFollowsFromAnotherFindingIsNoCause) {
  const Finding refused{Weight::violation, "rfc6455-7.4.1-9",      "it goes on",
                        "Close 1002",      "legal-octets-refused", "1002"};
  const Finding missing{Weight::violation, "rfc6455-6.2-4", "the message comes back", "it did not", "message-missing"};
  const Finding weak{Weight::weak, "rfc6455-6.2-1", "it goes on", "Close 1011", "legal-octets-refused", "1011"};
  MadeUp run;
  run.add("one", {missing, refused});
  run.add("two", {missing});
  run.add("three", {missing, weak});
  const Causes causes = run.causes();
  EXPECT_THAT(ids(causes), ElementsAre("rfc6455-6.2-4/message-missing", "rfc6455-7.4.1-9/legal-octets-refused/1002",
                                       "rfc6455-6.2-1/legal-octets-refused/1011"));
  EXPECT_EQ(causes.of(run.results()[0])->number, 2u);
  EXPECT_EQ(reach(causes.all()[0]), "explains 2 cases");  // what is less grave does not excuse it
}

// 1005, 1006 and 1015 have a clause each, 2000 has none of its own: who sends what it got looks at no code at all.
TEST(Causes, WhatOneMendTakesAwayIsOneCauseWhateverItsClauses) {
  const auto sends = [](std::string requirement) {
    return Finding{Weight::violation,   std::move(requirement), "its octets keep the rules",
                   "it sent that code", "octets-illegal",       "close-code-invalid"};
  };
  const Finding repeats{Weight::weak, "rfc6455-7.4.2-5", "a code", "it repeated it", "close-code-repeated"};
  const Finding reserved{Weight::violation, "rfc6455-5.2-2", "its octets", "RSV1", "octets-illegal", "reserved-bit"};
  MadeUp run;
  run.add("close/1005", {sends("rfc6455-7.4.1-2")});
  run.add("close/1006", {sends("rfc6455-7.4.1-3")});
  run.add("close/2000", {repeats});
  run.add("other", {reserved});
  const Causes causes = run.causes();
  EXPECT_THAT(ids(causes),
              ElementsAre("rfc6455-7.4/bad-status-code-sent", "rfc6455-5.2-2/octets-illegal/reserved-bit"));
  EXPECT_EQ(causes.all()[0].behavior, Behavior::failed);
  EXPECT_EQ(causes.all()[0].finding.requirement, "rfc6455-7.4.1-2");
  EXPECT_EQ(reach(causes.all()[0]), "explains 3 cases (2 FAILED, 1 NON-STRICT)");
  EXPECT_EQ(causes.of(run.results()[2])->number, 1u);
  EXPECT_EQ(run.results()[2].behavior, Behavior::non_strict);
}

// Another case has the grave form of it, and a graver cause of its own.
TEST(Causes, ACauseSaysWhenWhatItExplainsIsNonStrict) {
  const Finding missing{Weight::violation, "rfc7692-7.1.2.1-5",        "server_max_window_bits",
                        "left out",        "answer-parameter-missing", "server_max_window_bits"};
  const Finding left_out{Weight::weak, "rfc7692-7.1.2.1-5", "the limit", "left out", "limit-not-repeated"};
  MadeUp run;
  for (const char* id : {"a", "b"}) run.add(id, {kEcho});
  run.add("both", {kEcho, missing});
  run.add("weak", {left_out});
  const Causes causes = run.causes();
  ASSERT_THAT(causes.all(), SizeIs(2));
  EXPECT_EQ(reach(causes.all()[1]), "explains 1 case (NON-STRICT), is in 1 more");
}

TEST(Causes, NonStrictComesAfterFailedAndErroredHoweverManyItExplains) {
  MadeUp run;
  for (int i = 0; i < 50; ++i) run.add(fmt::format("weak/{}", i), {kWeak});
  run.add("failed", {kEcho});
  run.add("errored", {}).behavior = Behavior::errored;
  std::vector<Behavior> order;
  const Causes causes = run.causes();
  for (const Cause& cause : causes.all()) order.push_back(cause.behavior);
  EXPECT_THAT(order, ElementsAre(Behavior::failed, Behavior::errored, Behavior::non_strict));
  EXPECT_EQ(causes.all()[1].id, "errored");
}

TEST(Causes, HiddenResultsNameTheirCause) {
  MadeUp run;
  run.add("seen", {kOpening});
  const Result& hidden = run.hide("hidden", {kOpening});
  const Causes causes = run.causes();
  ASSERT_THAT(causes.all(), SizeIs(1));
  EXPECT_EQ(causes.of(hidden), &causes.all()[0]);
  EXPECT_THAT(causes.all()[0].hidden, ElementsAre(&hidden));
  EXPECT_THAT(causes.all()[0].cases, SizeIs(1));
  EXPECT_EQ(reach(causes.all()[0]), "explains 1 case, hides 1");
  EXPECT_EQ(headline(causes), "1 cause explains 1 case and hides 1 more");
}

TEST(Causes, ACauseMayOnlyHide) {
  MadeUp run;
  run.hide("hidden", {kOpening});
  const Causes causes = run.causes();
  EXPECT_EQ(reach(causes.all()[0]), "hides 1 case");
  EXPECT_EQ(headline(causes), "1 cause hides 1 case");
  EXPECT_EQ(causes.all()[0].shortest->case_id, "hidden");
}

TEST(Causes, EvidenceTellsFaultsOfOneKindApart) {
  MadeUp run;
  Finding other = kOpening;
  other.evidence = "server_max_window_bits";
  run.add("a", {kOpening});
  run.add("b", {other});
  EXPECT_THAT(run.causes().all(), SizeIs(2));
}

TEST(Causes, SentencesDoNotTellFindingsOfOneKindApart) {
  MadeUp run;
  Finding reworded = kEcho;
  reworded.expected = "the message of 125 bytes comes back";
  run.add("a", {kEcho});
  run.add("b", {reworded});
  EXPECT_THAT(run.causes().all(), SizeIs(1));
}

TEST(Causes, OldJournalsHaveTheExpectationInPlaceOfAKind) {
  MadeUp run;
  const auto old = [](Weight weight, std::string expected) { return Finding{weight, "r-1", std::move(expected), "s"}; };
  run.add("a", {old(Weight::violation, "an echo")});
  run.add("b", {old(Weight::violation, "an echo")});
  run.add("c", {old(Weight::violation, "A Close, with \"1002\"")});
  run.add("d", {old(Weight::weak, "an echo")});
  EXPECT_THAT(ids(run.causes()),
              ElementsAre("r-1/failed/an-echo", "r-1/failed/a-close-with-1002", "r-1/non-strict/an-echo"));
}

TEST(Causes, ChoicesAndGoodResultsMakeNone) {
  MadeUp run;
  run.add("a", {{Weight::choice, "r", "e", "s", "k"}});
  run.add("b", {kWeak}).behavior = Behavior::informational;
  EXPECT_THAT(run.causes().all(), IsEmpty());
  EXPECT_EQ(headline(run.causes()), "");
}

TEST(Causes, AVerdictWithoutAFindingHasOneAllTheSame) {
  MadeUp run;
  Result& failed = run.add("a", {});
  failed.behavior = Behavior::failed;
  failed.summary = "It died.";
  const Causes causes = run.causes();
  ASSERT_THAT(causes.all(), SizeIs(1));
  EXPECT_EQ(causes.all()[0].id, "failed");
  EXPECT_EQ(causes.all()[0].finding.seen, "It died.");
}

TEST(ShortestCase, HasTheFewestFramesOfThoseThatShowTheCauseAlone) {
  MadeUp run;
  run.add("two-at-once", {kOpening, kEcho}, 1);
  run.add("long", {kOpening}, 9);
  run.add("longer-name", {kOpening}, 3);
  run.add("short", {kOpening}, 3);
  run.add("flaky", {kOpening}, 2).flaky = true;
  EXPECT_EQ(run.causes().all()[0].shortest->case_id, "short");
}

TEST(ShortestCase, ShowsTheCauseInFullWeight) {
  MadeUp run;
  Finding weak = kEcho;
  weak.weight = Weight::weak;
  weak.choice = "C-1";
  run.add("weak", {weak}, 1);
  run.add("broken", {kEcho}, 9);
  const Causes causes = run.causes();
  ASSERT_THAT(causes.all(), SizeIs(1));
  EXPECT_EQ(causes.all()[0].shortest->case_id, "broken");
  EXPECT_EQ(causes.all()[0].behavior, Behavior::failed);
  EXPECT_EQ(headline(causes), "1 cause explains 2 cases (1 FAILED, 1 NON-STRICT)");
}

TEST(ShortestCase, GivesTheSentencesOfTheCause) {
  MadeUp run;
  Finding longer = kEcho;
  longer.seen = "another message of 65536 bytes";
  run.add("long", {longer}, 9);
  run.add("short", {kEcho}, 2);
  EXPECT_EQ(run.causes().all()[0].finding.seen, "another message");
}

TEST(CauseIds, AreNamesWhateverTheEndpointSaid) {
  MadeUp run;
  Finding hostile = kOpening;
  hostile.evidence = "</script> x/../y \x1b[31m";
  run.add("a", {hostile});
  hostile.evidence = "<script> x/../y \x1b[31m";
  run.add("b", {hostile});
  EXPECT_THAT(ids(run.causes()), ElementsAre("rfc7692-7.1.2.2-1/parameter-not-offered/script-x-..-y-31m",
                                             "rfc7692-7.1.2.2-1/parameter-not-offered/script-x-..-y-31m-2"));
}

TEST(SomeOf, FoldsLongLists) {
  MadeUp run;
  for (int i = 0; i < 250; ++i) run.add(fmt::format("c/{}", i), {kEcho});
  const Causes causes = run.causes();
  const SomeCases some = some_of(causes.all()[0].cases, 8, causes.all()[0].shortest);
  EXPECT_THAT(some.named, SizeIs(8));
  EXPECT_EQ(some.more, 241u);
}

TEST(AgentCauses, AreThoseOfEachEndpoint) {
  RunInfo info;
  MadeUp run;
  run.add("a", {kEcho});
  run.add("b", {kOpening}).endpoint = "other";
  const Report report(info, run.results(), {});
  ASSERT_THAT(report.endpoints(), SizeIs(2));
  for (const EndpointResults& endpoint : report.endpoints()) {
    ASSERT_THAT(endpoint.causes.all(), SizeIs(1)) << endpoint.name;
    EXPECT_EQ(endpoint.causes.all()[0].number, 1u);
  }
  EXPECT_EQ(report.cause_of(run.results()[1])->finding.kind, "parameter-not-offered");
}

TEST(WhyItWeighs, IsTheLevelOrTheReasonOfTheChoice) {
  const RunInfo info;
  const std::vector<Result> none;
  const Texts texts = {
      {{"must", {"must", 1, "1", "MUST NOT", "both", ""}}, {"should", {"should", 1, "1", "SHOULD", "both", ""}}},
      {{"C-1", "it races"}, {choice_key("C-1", "late", "must"), "it is late"}}};
  const Report report(info, none, texts);
  const auto why = [&](Finding finding) { return report.why_it_weighs(finding); };
  EXPECT_EQ(why({Weight::violation, "must", "", ""}), "MUST NOT");
  EXPECT_EQ(why({Weight::weak, "should", "", ""}), "SHOULD");
  EXPECT_EQ(why({Weight::weak, "must", "", "", "k", "", "C-1"}), "C-1: it races");
  EXPECT_EQ(why({Weight::weak, "must", "", "", "late", "", "C-1"}), "C-1: it is late");
  EXPECT_EQ(why({Weight::weak, "must", "", "", "k", "", "C-9"}), "C-9") << "a row that this version does not know";
  EXPECT_EQ(why({Weight::weak, "must", "", ""}), "") << "no line says NON-STRICT ... MUST";
  EXPECT_EQ(why({Weight::violation, "should", "", ""}), "");
  EXPECT_EQ(why({Weight::violation, "must", "", "", "late", "", "C-1"}), "MUST NOT") << "the level says so already";
}

}  // namespace
}  // namespace touchstone
