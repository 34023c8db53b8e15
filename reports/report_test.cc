#include "reports/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using testing::ElementsAre;

Result a_result(std::string id, std::vector<std::string> aliases = {}, std::string endpoint = "a") {
  Result result;
  result.case_id = std::move(id);
  result.aliases = std::move(aliases);
  result.endpoint = std::move(endpoint);
  return result;
}

std::vector<std::string> ids(const EndpointResults& endpoint) {
  std::vector<std::string> out;
  for (const Result* result : endpoint.results) out.push_back(result->case_id);
  return out;
}

TEST(ReadingOrder, FollowsAutobahnGroupByGroup) {
  const RunInfo run;
  const std::vector<Result> results = {
      a_result("own/b"),
      a_result("close/x/10", {"7.7.10"}),
      a_result("close/x/9"),
      a_result("close/x/2", {"7.7.2"}),
      a_result("framing/z", {"1.1.1"}),
      a_result("own/a"),
      a_result("close/a", {"7.9.1"}),
  };
  const Report report(run, results, {});
  EXPECT_THAT(ids(report.endpoints().at(0)),
              ElementsAre("framing/z", "close/x/2", "close/x/10", "close/x/9", "close/a", "own/a", "own/b"));
}

TEST(ReadingOrder, SortsNumbersInNamesByValue) {
  const RunInfo run;
  const std::vector<Result> results = {a_result("a/cut-10"), a_result("a/cut-9"), a_result("a/cut-09"), a_result("a")};
  EXPECT_THAT(ids(Report(run, results, {}).endpoints().at(0)), ElementsAre("a", "a/cut-9", "a/cut-09", "a/cut-10"));
}

TEST(Agents, ComeInTheOrderOfTheRunAndStayWithoutResults) {
  RunInfo run;
  run.endpoints = {{"z", "", ""}, {"nothing", "", ""}, {"a", "", ""}};
  const std::vector<Result> results = {a_result("c", {}, "a"), a_result("c", {}, "late"), a_result("c", {}, "z")};
  std::vector<std::string> names;
  const Report report(run, results, {});
  for (const EndpointResults& endpoint : report.endpoints()) names.push_back(endpoint.name);
  EXPECT_THAT(names, ElementsAre("z", "nothing", "a", "late"));
  EXPECT_TRUE(report.endpoints()[1].results.empty());
}

TEST(CaseFileName, FollowsAutobahnsRule) {
  EXPECT_EQ(case_file_name("AutobahnTestSuite/0.8.2-0.10.9", "6.4.1"),
            "autobahntestsuite_0_8_2_0_10_9_case_6_4_1.json");
  EXPECT_EQ(case_file_name("  (ws) 8!", "close/code-valid/1000"), "ws__8_case_close_code_valid_1000.json");
  EXPECT_EQ(case_file_name("/home/me/build/release/echo-server --threads 4 --port", "1.1"),
            "echo_server___threads_4___port_case_1_1.json");
  EXPECT_LE(case_file_name(std::string(300, 'a'), "1.1").size(), 70u);
  EXPECT_EQ(case_file_name("../../etc/passwd", "1.1"), "etc_passwd_case_1_1.json");
  EXPECT_EQ(case_file_name("\xe6\xb0\xb4", "1.1"), "agent_case_1_1.json");
  EXPECT_LT(case_file_name(std::string(9000, 'x'), std::string(9000, 'y')).size(), 255U);
}

TEST(CaseFiles, NeverShareAName) {
  const RunInfo run;
  const std::vector<Result> results = {a_result("c", {"1.1"}, "ws 8"), a_result("c", {"1.1"}, "ws-8"),
                                       a_result("d", {"1-1"}, "ws 8")};
  const Report report(run, results, {});
  EXPECT_EQ(report.case_file("ws 8", "1.1"), "ws_8_case_1_1.json");
  EXPECT_EQ(report.case_file("ws 8", "1-1"), "ws_8_case_1_1_2.json");
  EXPECT_EQ(report.case_file("ws-8", "1.1"), "ws_8_case_1_1_3.json");
}

TEST(AutobahnIds, AreTheAliasesOrOurs) {
  EXPECT_THAT(autobahn_ids(a_result("x", {"1.1", "1.2"})), ElementsAre("1.1", "1.2"));
  EXPECT_THAT(autobahn_ids(a_result("x/y")), ElementsAre("x/y"));
}

TEST(Cited, HasTheKnownTextsOfWhatResultsName) {
  const RunInfo run;
  const Texts texts = {{{"r1", {"r1", 6455, "5.5", "MUST", "both", "rule"}}, {"r2", {}}}, {}};
  std::vector<Result> results = {a_result("c")};
  results[0].requirements = {"r1", "gone"};
  const Report report(run, results, texts);
  EXPECT_EQ(report.cited().size(), 1U);
  EXPECT_EQ(report.clause("r1"), "RFC 6455 5.5");
  EXPECT_EQ(report.clause("gone"), "gone");
}

TEST(PartialNotice, CountsAndTellsWhy) {
  RunInfo run;
  run.planned = 3;
  run.ended_because = "interrupted";
  const std::vector<Result> results = {a_result("c")};
  EXPECT_EQ(partial_notice(Report(run, results, {})),
            "This run is partial: 1 of 3 planned results. Reason: interrupted");
  run.complete = true;
  EXPECT_EQ(partial_notice(Report(run, results, {})), "");
}

}  // namespace
}  // namespace touchstone
