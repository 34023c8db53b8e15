// The two halves of a run against the strict intermediary of the testing kit, and against some of its faults.
#include "runner/proxy/relay_fuzz_run.h"
#include "runner/proxy/transparency.h"
#include "runner/proxy/two_sided_run.h"

#include "runner/catalogue/two_sided.h"

#include <ws/testing/relay/relay.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace touchstone::proxy {
namespace {

class Collected : public RunObserver {
 public:
  void finished(const Result& result) override { results[result.case_id] = result; }
  bool endpoint_died(const std::vector<const Case*>&, const std::string&) override { return false; }
  std::map<std::string, Result> results;
};

// An intermediary with this fault, and the tester at both of its ends.
class Setting {
 public:
  explicit Setting(ws::testing::RelayFault fault, bool over_http2 = false) {
    if (over_http2) front.http = ws::io::Http::two;
    greeting.over_http2 = over_http2;
    back = std::move(Back::open("127.0.0.1", 0).value());
    relay = std::move(ws::testing::RelayServer::start(fault, {}, {"127.0.0.1", back->port()}).value());
    front.url = {false, "127.0.0.1", relay->port()};
    front.name = "relay";
    options.timeout = std::chrono::milliseconds(2000);
    greeting.round_trip = std::chrono::microseconds(500);
  }
  std::map<std::string, Result> two_sided(const std::vector<std::string>& patterns) {
    Collected all;
    const auto cases = select(Catalogue::built_in(), {.include = patterns, .side = Side::intermediary});
    const auto outcome = run_two_sided(cases, {front, greeting, options, *back}, all, stop);
    EXPECT_EQ(outcome.how, RunOutcome::How::complete);
    EXPECT_EQ(all.results.size(), cases.size());
    return all.results;
  }
  std::map<std::string, Result> through(const std::vector<std::string>& patterns) {
    Collected all;
    const auto cases = select(Catalogue::built_in(), {.include = patterns, .profile = Profile::core});
    (void)run_through(cases, {front, greeting, options, *back}, all, stop);
    return all.results;
  }

  std::unique_ptr<Back> back;
  std::unique_ptr<ws::testing::RelayServer> relay;
  Target front;
  Greeting greeting;
  RunOptions options;
  std::atomic<bool> stop = false;
};

std::string told(const std::map<std::string, Result>& results, Behavior behavior) {
  std::string text;
  for (const auto& [id, result] : results) {
    if (result.behavior == behavior) text += fmt::format("{}: {}\n", id, result.summary);
  }
  return text;
}

TEST(ProxyRun, TheStrictIntermediaryIsWithoutBlame) {
  Setting setting(ws::testing::RelayFault::none);
  const auto results = setting.two_sided({"proxy-*"});
  EXPECT_GE(results.size(), 170u);
  EXPECT_EQ(told(results, Behavior::failed), "");
  EXPECT_EQ(told(results, Behavior::errored), "");
  EXPECT_EQ(told(results, Behavior::non_strict), "");
}

TEST(ProxyRun, TheStrictIntermediaryIsWithoutBlameWithHttp2InFront) {
  Setting setting(ws::testing::RelayFault::none, true);
  const auto results = setting.two_sided({"proxy-*"});
  EXPECT_GT(std::ranges::count_if(results, [](const auto& row) { return row.second.behavior == Behavior::ok; }), 80);
  EXPECT_EQ(told(results, Behavior::failed), "");
  EXPECT_EQ(told(results, Behavior::errored), "");
  EXPECT_EQ(told(results, Behavior::non_strict), "");
}

TEST(ProxyRun, FaultsOfATranslationAreFoundByTheCasesAboutThem) {
  using enum ws::testing::RelayFault;
  for (const auto& [fault, id] : {std::pair{http2_keeps_the_clients_key, "proxy-http2/clients-key/valid"},
                                  {http2_forwards_line_ends, "proxy-http2/malformed/line-end/cr-lf"},
                                  {http2_opens_for_200, "proxy-http2/refused-by-200/200"},
                                  {http2_answers_101, "proxy-http2/request"}}) {
    Setting setting(fault, true);
    EXPECT_EQ(setting.two_sided({id}).at(id).behavior, Behavior::failed) << id;
  }
}

TEST(ProxyRun, ACaseAboutTheOtherVersionOfHttpIsNotAsked) {
  Setting setting(ws::testing::RelayFault::none);
  EXPECT_EQ(setting.two_sided({"proxy-http2/request"}).begin()->second.behavior, Behavior::not_applicable);
  Setting other(ws::testing::RelayFault::none, true);
  EXPECT_EQ(other.two_sided({"proxy-head/http-1.0/plain"}).begin()->second.behavior, Behavior::not_applicable);
}

TEST(ProxyRun, WhatIsSameWithoutTheIntermediaryIsNotItsFaultOverHttp2) {
  Setting setting(ws::testing::RelayFault::none, true);
  const auto results = setting.through({"framing/*", "close/*"});
  EXPECT_GT(results.size(), 20u);
  EXPECT_EQ(told(results, Behavior::failed), "");
}

TEST(ProxyRun, AFaultIsFoundByTheCasesAboutIt) {
  Setting setting(ws::testing::RelayFault::forwards_named_fields);
  const auto results = setting.two_sided({"proxy-head/named-in-connection/last", "proxy-tunnel/from-client/in-steps"});
  EXPECT_EQ(results.at("proxy-head/named-in-connection/last").behavior, Behavior::failed);
  EXPECT_EQ(results.at("proxy-tunnel/from-client/in-steps").behavior, Behavior::ok);
}

TEST(ProxyRun, ConnectionsThatHaveToDoWithEachOtherAreFound) {
  for (const auto& [fault, id] :
       {std::pair{ws::testing::RelayFault::mixes_tunnels, "proxy-connections/two"},
        {ws::testing::RelayFault::ends_all_with_one, "proxy-connections/ended-beside/client-reset"},
        {ws::testing::RelayFault::stops_all_for_one_reader, "proxy-connections/slow-reader/client"},
        {ws::testing::RelayFault::serves_leftovers, "proxy-connections/leftover/200"}}) {
    Setting setting(fault);
    EXPECT_EQ(setting.two_sided({id}).at(id).behavior, Behavior::failed) << id;
  }
}

TEST(ProxyRun, AHalfThatIsCarriedOnIsSeen) {
  Setting setting(ws::testing::RelayFault::none);
  for (const auto& [id, result] : setting.two_sided({"proxy-ends/client-half-close", "proxy-ends/server-half-close"}))
    EXPECT_TRUE(result.findings.empty()) << id << ": " << result.findings.front().seen;
}

TEST(ProxyRun, TheTranscriptSaysAtWhichEndEachThingHappened) {
  Setting setting(ws::testing::RelayFault::none);
  const auto results = setting.two_sided({"proxy-tunnel/from-server/in-steps"});
  const auto& entries = results.begin()->second.transcript.entries;
  for (const char* end : {"client", "server"})
    EXPECT_TRUE(std::ranges::any_of(entries, [&](const Entry& entry) { return entry.connection == end; })) << end;
}

// What random cases find, by requirement and kind.
std::multiset<std::string> found_at_random(ws::testing::RelayFault fault, int rounds) {
  Setting setting(fault);
  setting.options.timeout = std::chrono::milliseconds(1000);
  std::multiset<std::string> found;
  const UnderTest test{setting.front, setting.greeting, setting.options, *setting.back};
  RelayFuzzRun run(test, [&](const Case& c, const Result& result, const Finding& finding) {
    EXPECT_EQ(c.id, result.case_id);
    found.insert(finding.requirement + " " + finding.kind);
  });
  for (int i = 0; i < rounds; ++i) run.play_some(setting.stop);
  EXPECT_GE(run.played(), static_cast<std::size_t>(rounds) * 20);
  EXPECT_EQ(run.kinds(), found.size());
  return found;
}

TEST(ProxyRun, RandomCasesFindAKindOfFailureOnce) {
  using enum ws::testing::RelayFault;
  EXPECT_EQ(found_at_random(none, 4), (std::multiset<std::string>{}));
  EXPECT_EQ(found_at_random(forwards_named_fields, 2),
            (std::multiset<std::string>{"rfc9110-7.6.1-3 relay-lacks-server"}));
}

TEST(ProxyRun, WhatGetsLostAfterAnInterimAnswerIsOfTheRuleAboutInterimAnswers) {
  for (const std::string& kind : found_at_random(ws::testing::RelayFault::takes_interim_as_answer, 2))
    EXPECT_TRUE(kind.starts_with("rfc9110-15.2-1 ")) << kind;
}

TEST(ProxyRun, WhatIsSameWithoutTheIntermediaryIsNotItsFault) {
  Setting setting(ws::testing::RelayFault::none);
  const auto results = setting.through({"framing/*", "close/*"});
  EXPECT_GT(results.size(), 20u);
  EXPECT_EQ(told(results, Behavior::failed), "");
}

TEST(ProxyRun, AnotherOutcomeThroughTheIntermediaryIsItsOwn) {
  Setting setting(ws::testing::RelayFault::drops_pings);
  const auto results = setting.through({"2.2"});
  ASSERT_EQ(results.size(), 1u);
  const Result& result = results.begin()->second;
  EXPECT_EQ(result.behavior, Behavior::failed) << result.summary;
  ASSERT_FALSE(result.findings.empty());
  EXPECT_EQ(result.findings.front().kind, "differs-from-direct");
  EXPECT_NE(result.findings.front().seen.find("At the server behind it"), std::string::npos);
}

}  // namespace
}  // namespace touchstone::proxy
