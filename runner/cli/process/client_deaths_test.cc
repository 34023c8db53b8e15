#include "runner/cli/process/client_deaths.h"

#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace touchstone::cli {
namespace {

const Case& case_of(const char* id) { return *Catalogue::built_in().find(id); }

Result cut() {
  Result result;
  result.dropped_by_peer = true;
  return result;
}

Result closed() {
  Result result = cut();
  result.remote_close_code = 1002;
  result.closed_by_peer_first = true;
  return result;
}

ProgramEnd ended(std::string how) { return {.how = std::move(how)}; }

// A case that ends so, twice.
void die(ClientDeaths& deaths, const Case& c, const ProgramEnd& end) {
  for (int time = 0; time < 2; ++time) {
    deaths.began();
    deaths.finished(c, cut());
    if (!deaths.suspects(end).empty() && time == 1) deaths.confirm(c, end);
  }
}

TEST(ClientDeaths, ASignalAndAPanicNeedNoComparison) {
  ClientDeaths deaths(/*one_a_case=*/true);
  die(deaths, case_of("4.1.1"), ended("signal 11 (Segmentation fault)"));
  ProgramEnd panic = ended("exit code 101");
  panic.panic = true;
  die(deaths, case_of("4.1.2"), panic);
  EXPECT_EQ(deaths.deaths().size(), 2u);
}

TEST(ClientDeaths, AnExitCodeCountsWhenOtherConnectionsFailWithoutIt) {
  ClientDeaths deaths(/*one_a_case=*/true);
  die(deaths, case_of("4.1.1"), ended("exit code 1"));
  EXPECT_TRUE(deaths.deaths().empty());  // it may be its way to say that it failed the connection
  deaths.began();
  deaths.finished(case_of("4.1.3"), closed());
  EXPECT_TRUE(deaths.suspects(ended("exit code 0")).empty());
  EXPECT_EQ(deaths.deaths().size(), 1u);
}

TEST(ClientDeaths, AnExitCodeAfterACloseIsAManner) {
  ClientDeaths deaths(/*one_a_case=*/true);
  deaths.began();
  deaths.finished(case_of("4.1.3"), closed());
  EXPECT_TRUE(deaths.suspects(ended("exit code 7")).empty());
  die(deaths, case_of("4.1.1"), ended("exit code 7"));
  EXPECT_TRUE(deaths.deaths().empty());
  die(deaths, case_of("4.1.2"), ended("exit code 8"));
  EXPECT_EQ(deaths.deaths().size(), 1u);
}

TEST(ClientDeaths, WhatItAlwaysDoesIsAManner) {
  ClientDeaths deaths(/*one_a_case=*/false);
  const std::vector<const char*> ids = {"4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5"};
  for (const char* id : ids) {
    EXPECT_EQ(deaths.deaths().empty(), id == ids.front());
    die(deaths, case_of(id), ended("exit code 1"));
  }
  EXPECT_TRUE(deaths.deaths().empty());
}

TEST(ClientDeaths, WhatLivedOnIsNoSuspect) {
  ClientDeaths deaths(/*one_a_case=*/false);
  deaths.began();
  deaths.finished(case_of("4.1.1"), cut());
  deaths.began();
  deaths.finished(case_of("4.1.2"), cut());
  EXPECT_EQ(deaths.suspects(ended("signal 6 (Aborted)")), std::vector<const Case*>{&case_of("4.1.2")});
}

TEST(ClientDeaths, ARefusedOpeningMayEndADriver) {
  const Case* refused = nullptr;
  for (const Case& c : Catalogue::built_in().cases()) {
    if (c.expect && c.expect->opening && c.expect->opening->outcome == ExpectOpening::Outcome::refuse) refused = &c;
  }
  ASSERT_NE(refused, nullptr);
  ClientDeaths deaths(/*one_a_case=*/false);
  deaths.began();
  deaths.finished(*refused, cut());
  EXPECT_TRUE(deaths.suspects(ended("exit code 1")).empty());
  deaths.finished(*refused, cut());
  EXPECT_EQ(deaths.suspects(ended("signal 6 (Aborted)")).size(), 1u);
}

}  // namespace
}  // namespace touchstone::cli
