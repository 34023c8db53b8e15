#include "runner/serve/route.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone::serve {
namespace {

class RouteTest : public testing::Test {
 protected:
  RouteTest() {
    cases_[0].id = "echo/a";
    cases_[0].aliases = {"1.1.1"};
    cases_[1].id = "echo/b";
  }
  Route route(std::string_view target, std::string_view agent = {}) {
    const std::vector<const Case*> listed = {&cases_[0], &cases_[1]};
    return route_of(target, listed, agent);
  }
  route::Problem problem(std::string_view target) {
    const Route found = route(target);
    const auto* problem = std::get_if<route::Problem>(&found);
    return problem == nullptr ? route::Problem{0, "routed"} : *problem;
  }
  Case cases_[2];
};

TEST_F(RouteTest, CountsCasesFromOne) {
  const auto run = std::get<route::RunCase>(route("/runCase?case=2&agent=me"));
  EXPECT_EQ(run.c, &cases_[1]);
  EXPECT_EQ(run.agent, "me");
  EXPECT_EQ(problem("/runCase?case=0&agent=me").status, 400);
  EXPECT_EQ(problem("/runCase?case=3&agent=me").text, "/runCase: case=3 is no number from 1 to 2");
  EXPECT_EQ(problem("/runCase?case=1x&agent=me").status, 400);
  EXPECT_EQ(problem("/runCase?case=99999999999999999999&agent=me").status, 400);
}

TEST_F(RouteTest, FindsACaseByAutobahnsIdOrOurs) {
  EXPECT_EQ(std::get<route::CaseInfo>(route("/getCaseInfo?casetuple=1.1.1")).c, &cases_[0]);
  EXPECT_EQ(std::get<route::CaseStatus>(route("/getCaseStatus?casetuple=echo%2Fb&agent=x")).c, &cases_[1]);
  EXPECT_EQ(problem("/getCaseInfo?casetuple=9.9.9").status, 404);
}

TEST_F(RouteTest, DecodesTheAgent) {
  EXPECT_EQ(std::get<route::UpdateReports>(route("/updateReports?agent=Node+ws%2F8%20%E2%9C%93")).agent,
            "Node ws/8 \u2713");
  EXPECT_EQ(std::get<route::UpdateReports>(route("/updateReports?agent=50%")).agent, "50%");
  EXPECT_EQ(std::get<route::UpdateReports>(route("/updateReports", "mine")).agent, "mine");
}

TEST_F(RouteTest, NamesWhatIsWrongWithAnAgent) {
  EXPECT_NE(problem("/runCase?case=1").text.find("agent=NAME is missing"), std::string::npos);
  EXPECT_EQ(problem("/runCase?case=1&agent=").status, 400);
  EXPECT_EQ(problem("/runCase?case=1&agent=%00").status, 400);
  EXPECT_EQ(problem("/runCase?case=1&agent=%ff").status, 400);
  EXPECT_EQ(problem("/runCase?case=1&agent=" + std::string(201, 'a')).status, 400);
}

TEST_F(RouteTest, EndsWhenToldInAutobahnsWords) {
  EXPECT_TRUE(std::get<route::UpdateReports>(route("/updateReports?agent=x&shutdownOnComplete=true")).shut_down);
  EXPECT_TRUE(std::get<route::UpdateReports>(route("/updateReports?agent=x&shutdownOnComplete=yes")).shut_down);
  EXPECT_FALSE(std::get<route::UpdateReports>(route("/updateReports?agent=x&shutdownOnComplete=no")).shut_down);
}

TEST_F(RouteTest, NamesFilesAndNeverPaths) {
  EXPECT_EQ(std::get<route::ReportFile>(route("/report/")).name, "index.html");
  EXPECT_EQ(std::get<route::ReportFile>(route("/report/report.json")).name, "report.json");
  for (const char* target : {"/report/../secret", "/report/%2e%2e%2fsecret", "/report/.hidden", "/report/a/b",
                             "/report/%2Fetc%2Fpasswd", "/report/a%00b"}) {
    EXPECT_EQ(problem(target).status, 404) << target;
  }
}

TEST_F(RouteTest, ShowsWhatItDoesNotKnowWithoutControlCharacters) {
  const route::Problem found = problem("/x%0d%0aSet-Cookie:%20y");
  EXPECT_EQ(found.status, 404);
  EXPECT_EQ(found.text.find('\r'), std::string::npos);
  EXPECT_EQ(problem("").status, 404);
  EXPECT_EQ(problem("?").status, 404);
}

// RFC 9112 3.2.2.
TEST_F(RouteTest, TakesTheAbsoluteForm) {
  EXPECT_TRUE(std::holds_alternative<route::CaseCount>(route("http://h:9001/getCaseCount")));
  EXPECT_TRUE(std::holds_alternative<route::PageFile>(route("http://h")));
}

TEST(Numbering, FollowsAutobahnAndThenTheCatalogue) {
  Case a, b, c, d;
  a.id = "ours/z";
  b.aliases = {"10.1.1"};
  c.aliases = {"9.2.1", "2.1"};
  d.id = "ours/a";
  const std::vector<const Case*> expected = {&c, &b, &a, &d};
  EXPECT_EQ(numbered({&a, &b, &c, &d}), expected);
}

// A driver of Autobahn's time that ends at a refused opening handshake has run all else by then.
TEST(Numbering, PutsOpeningsThatAClientRefusesLast) {
  Case refused, judged, taken, autobahns;
  refused.id = "a", judged.id = "b", taken.id = "c";
  autobahns.aliases = {"1.1.1"};
  refused.expect.emplace().opening = {.outcome = ExpectOpening::Outcome::refuse};
  judged.expect.emplace().opening = {.outcome = ExpectOpening::Outcome::judge};
  taken.expect.emplace().opening = {.outcome = ExpectOpening::Outcome::open};
  const std::vector<const Case*> expected = {&autobahns, &taken, &refused, &judged};
  EXPECT_EQ(numbered({&refused, &judged, &taken, &autobahns}), expected);
}

}  // namespace
}  // namespace touchstone::serve
