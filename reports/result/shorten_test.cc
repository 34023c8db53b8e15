#include "reports/result/shorten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using testing::HasSubstr;

Result long_talk(Behavior behavior) {
  Result result;
  result.behavior = behavior;
  result.transcript.request.assign(100'000, 'r');
  for (std::size_t i = 0; i < 1000; ++i) {
    Entry entry;
    entry.kind = Entry::Kind::frame;
    entry.length = 4096;
    entry.octets.assign(4096, 'x');
    if (i % 2 == 1) entry.same_as = i - 1;
    result.transcript.entries.push_back(std::move(entry));
  }
  result.transcript.octets_sent = 4'000'000;
  return result;
}

TEST(Shorten, KeepsTheBeginningAndTheEndOfWhatIsQuiet) {
  Result result = long_talk(Behavior::ok);
  shorten(result);
  const auto& entries = result.transcript.entries;
  EXPECT_EQ(result.transcript.request.size(), kKeptOfQuiet.head);
  EXPECT_EQ(result.transcript.octets_sent, 4'000'000u);
  ASSERT_EQ(entries.size(), kKeptOfQuiet.first + 1 + kKeptOfQuiet.last + 1);
  EXPECT_THAT(entries[8].note, HasSubstr("987 entries with 4042752 bytes of payload"));
  EXPECT_THAT(entries.back().note, HasSubstr("98976 bytes of the opening handshake"));
  EXPECT_EQ(entries[0].length, 4096u);
  EXPECT_EQ(entries[0].octets.size(), kKeptOfQuiet.payload);
}

TEST(Shorten, LeavesEchoesBesideWhatTheyEcho) {
  Result result = long_talk(Behavior::informational);
  shorten(result);
  const auto& entries = result.transcript.entries;
  EXPECT_EQ(entries[1].same_as, 0u);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_LT(entries[i].same_as.value_or(0), i + 1);
  }
  EXPECT_EQ(entries[11].same_as, 10u);
}

TEST(Shorten, LeavesAloneWhatIsLookedInto) {
  for (const Behavior behavior : {Behavior::failed, Behavior::errored, Behavior::non_strict}) {
    Result result = long_talk(behavior);
    shorten(result);
    EXPECT_EQ(result.transcript.entries.size(), 1000u);
    EXPECT_EQ(result.transcript.request.size(), 100'000u);
  }
  Result flaky = long_talk(Behavior::ok);
  flaky.flaky = true;
  shorten(flaky);
  EXPECT_EQ(flaky.transcript.entries.size(), 1000u);
}

TEST(Shorten, CutsWhatACauseHides) {
  Result hidden = long_talk(Behavior::not_applicable);
  hidden.hidden = true;
  shorten(hidden);
  EXPECT_LT(hidden.transcript.entries.size(), 20u);
}

TEST(Shorten, LeavesAloneWhatIsShort) {
  Result result = long_talk(Behavior::ok);
  result.transcript.request = "GET";
  result.transcript.entries.resize(kKeptOfQuiet.first + kKeptOfQuiet.last + 1);
  shorten(result);
  EXPECT_EQ(result.transcript.entries.size(), kKeptOfQuiet.first + kKeptOfQuiet.last + 1);
}

}  // namespace
}  // namespace touchstone
