// Cases with several connections: what each of them is by itself, what they wait for, and how they are written down.
#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/read_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::string_view kTwo = R"({"suite": "s", "about": "", "groups": [{"id": "x", "title": "t",
  "requirements": ["r"], "sides": ["server"], "offer": ["permessage-deflate"],
  "connections": {"b": {"offer": [], "request": {"earlier": [{"raw": "GET / HTTP/1.1\r\n\r\n"}], "pipelined": true},
                        "expect": {"replies": [{"passes": "of b"}], "end": "polite"}}},
  "steps": [{"message": "text", "payload": "one"}, {"open": "b"}, {"on": "b", "sentinel": "of b"},
            {"on": "a", "idle_s": 0.25}, {"on": "b", "hold": true}, {"on": "b", "message": "binary", "payload": "two"},
            {"on": "b", "stuck_s": 1.5, "memory_mib": 7}, {"on": "b", "hold": false}, {"idle_s": 2, "pongs": true}]}]})";

Case two() {
  auto loaded = load_cases("cases/s.json", kTwo);
  if (loaded) return loaded->front();
  for (const auto& fault : loaded.error()) ADD_FAILURE() << fault.text();
  return {};
}

TEST(Connections, AreEachACaseOfTheirOwn) {
  const Case both = two();
  const Case a = on_connection(both, {}), b = on_connection(both, "b");
  EXPECT_EQ(a.steps.size(), 3u);
  EXPECT_FALSE(a.request);
  EXPECT_FALSE(a.expect);
  EXPECT_EQ(a.offer.size(), 1u);
  EXPECT_EQ(b.steps.size(), 5u);
  ASSERT_TRUE(b.request);
  EXPECT_EQ(b.request->earlier.size(), 1u);
  EXPECT_TRUE(b.request->pipelined);
  ASSERT_TRUE(b.expect);
  EXPECT_EQ(b.expect->replies.size(), 1u);
  EXPECT_TRUE(b.offer.empty());
  EXPECT_TRUE(is_held(b.steps));
  EXPECT_FALSE(is_held(a.steps));
}

TEST(Connections, AreWrittenAsTheyWereRead) {
  const Case once = two();
  const auto again = load_cases("cases/s.json", to_json(once));
  ASSERT_TRUE(again) << to_json(once);
  EXPECT_EQ(to_json(once), to_json(again->front()));
}

TEST(Connections, WaitInTheProfilesThatHaveTime) {
  Case c = two();
  EXPECT_EQ(waits(c), std::chrono::milliseconds(3750));
  EXPECT_FALSE(belongs_to(c, Profile::core));
  EXPECT_TRUE(belongs_to(c, Profile::standard));
  c.steps.push_back({step::Idle{std::chrono::seconds(7)}});
  EXPECT_FALSE(belongs_to(c, Profile::standard));
  EXPECT_TRUE(belongs_to(c, Profile::full));
}

TEST(Connections, OfOneAreTheCaseItself) {
  const Case* c = Catalogue::built_in().find("close/code-valid/1000");
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(to_json(on_connection(*c, {})), to_json(*c));
  EXPECT_EQ(each_connection(*c).size(), 1u);
  EXPECT_FALSE(is_scenario(*c));
}

TEST(Connections, NoneOfTheCatalogueWaitsLongerThanItsProfileAllows) {
  std::size_t slow = 0;
  for (const Case& c : Catalogue::built_in().cases()) {
    slow += waits(c) > kLongestWaitInCore ? 1 : 0;
    EXPECT_TRUE(!belongs_to(c, Profile::core) || waits(c) <= std::chrono::milliseconds(200)) << c.id;
    EXPECT_TRUE(!belongs_to(c, Profile::standard) || waits(c) <= std::chrono::seconds(10)) << c.id;
  }
  EXPECT_GT(slow, 0u);
}

}  // namespace
}  // namespace touchstone
