// Cases over HTTP/2: those of HTTP/2 alone against the reference, and what cannot be asked over which version.
#include "runner/engine/over_http2.h"

#include "runner/engine/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/io/serve/echo_server.h>
#include <ws/testing/faults/deviant_endpoints.h>

#include <map>

namespace touchstone {
namespace {

using namespace std::chrono_literals;  // NOLINT: of the standard library

class Results final : public RunObserver {
 public:
  void finished(const Result& result) override { all.emplace(result.case_id, result); }
  bool endpoint_died(const std::vector<const Case*>&, const std::string&) override { return false; }
  std::map<std::string, Result> all;
};

// What the server on this port makes of the cases that `patterns` name.
Results against(std::uint16_t port, ws::io::Http http, const std::vector<std::string>& patterns,
                std::chrono::milliseconds timeout = {}) {
  Results seen;
  Target target;
  target.url = {false, "127.0.0.1", port, "/"};
  target.http = http;
  RunOptions options;
  options.timeout = timeout;
  const auto greeting = greet(target, options);
  if (!greeting) {
    ADD_FAILURE() << greeting.error().text;
    return seen;
  }
  EXPECT_EQ(greeting->over_http2, http == ws::io::Http::two);
  const auto cases = select(Catalogue::built_in(), {.include = patterns, .exclude = {}, .profile = Profile::core});
  EXPECT_FALSE(cases.empty());
  const std::atomic<bool> stop = false;
  (void)run(cases, target, *greeting, options, seen, stop);
  return seen;
}

Results against_reference(ws::io::Http http, const std::vector<std::string>& patterns) {
  ws::io::EchoOptions echo;
  echo.http = ws::io::Http::either;
  auto server = ws::io::EchoServer::start(std::move(echo));
  if (server) return against((*server)->port(), http, patterns);
  ADD_FAILURE() << server.error();
  return {};
}

TEST(OverHttp2, TheReferencePassesTheCasesOfHttp2) {
  const Results seen = against_reference(ws::io::Http::two, {"http2-*"});
  EXPECT_GT(seen.all.size(), 100u);
  for (const auto& [id, result] : seen.all) {
    EXPECT_TRUE(result.behavior == Behavior::ok || result.behavior == Behavior::informational)
        << id << ": " << result.summary;
  }
}

TEST(OverHttp2, CasesOfFramesRunUnchanged) {
  const Results seen = against_reference(ws::io::Http::two, {"close", "reserved", "truncation/while-it-echoes"});
  EXPECT_GT(seen.all.size(), 50u);
  for (const auto& [id, result] : seen.all) {
    const bool fine = result.behavior == Behavior::ok || result.behavior == Behavior::informational;
    EXPECT_TRUE(fine) << id << ": " << result.summary;
  }
}

TEST(OverHttp2, WhatTheOtherVersionHasIsNotApplicable) {
  for (const auto& [http, pattern] :
       {std::pair(ws::io::Http::two, "opening-head"), std::pair(ws::io::Http::one, "http2-tunnel")}) {
    for (const auto& [id, result] : against_reference(http, {pattern}).all)
      EXPECT_EQ(result.behavior, Behavior::not_applicable) << id << ": " << result.summary;
  }
}

// RFC 9113 5.1.1: the reference ends the connection (TheReferencePassesTheCasesOfHttp2), and this one answers.
TEST(OverHttp2, ARequestOnAStreamThatWasPassedOverIsNotServed) {
  auto server =
      ws::testing::DeviantServer::start({ws::testing::Fault::http2_takes_older_streams}, {}, ws::io::Http::two);
  ASSERT_TRUE(server) << server.error();
  const Results seen = against((*server)->port(), ws::io::Http::two, {"http2-*"});
  for (const auto& [id, result] : seen.all) {
    const bool about_it = id == "http2-tunnel/headers-on-older-stream";
    EXPECT_EQ(result.behavior == Behavior::failed, about_it) << id << ": " << result.summary;
    if (about_it) {
      EXPECT_EQ(result.findings.at(0).requirement, "rfc9113-5.1.1-1");
    }
  }
}

// Its GOAWAY may come together with its SETTINGS.
TEST(OverHttp2, WhoEndsTheConnectionForLegalSettingsIsFound) {
  auto server =
      ws::testing::DeviantServer::start({ws::testing::Fault::http2_dies_of_unknown_setting}, {}, ws::io::Http::two);
  ASSERT_TRUE(server) << server.error();
  for (int i = 0; i < 5; ++i) {
    for (const auto& [id, result] : against((*server)->port(), ws::io::Http::two, {"http2-setting/unknown"}).all)
      EXPECT_EQ(result.behavior, Behavior::failed) << id << ": " << result.summary;
  }
}

TEST(OverHttp2, WhoSpeaksBothVersionsMayAnswerThePreface) {
  const Results seen = against_reference(ws::io::Http::one, {"opening-head/garbage"});
  EXPECT_EQ(seen.all.at("opening-head/garbage/h2").behavior, Behavior::ok);
}

// What an endpoint does on every tunnel has the clause that it has anywhere, and not that of the case.
TEST(OverHttp2, AFaultOfFramesHasItsOwnClause) {
  const std::map<std::string, std::string> clauses = {
      {"masks-frames", "rfc6455-5.1-5"}, {"ignores-pings", ""}, {"unasked-subprotocol", "rfc6455-4.2.2-10"}};
  for (const auto& [name, clause] : clauses) {
    auto server = ws::testing::DeviantServer::start({ws::testing::find_fault(name)->fault}, {}, ws::io::Http::two);
    ASSERT_TRUE(server) << server.error();
    for (const auto& [id, result] :
         against((*server)->port(), ws::io::Http::two, {"http2-beside", "http2-tunnel/data-size"}, 500ms).all) {
      for (const Finding& finding : result.findings) {
        if (finding.weight != Finding::Weight::violation) continue;
        EXPECT_EQ(finding.requirement, clause) << name << " in " << id;
      }
      EXPECT_EQ(result.behavior == Behavior::failed, !clause.empty()) << name << " in " << id;
    }
  }
}

}  // namespace
}  // namespace touchstone
