#include "runner/live/play/script.h"

#include <gtest/gtest.h>

namespace touchstone::play {
namespace {

// The pointers of what is wrong, in order.
std::vector<std::string> faults(std::string_view text, ws::Role role = ws::Role::server) {
  const auto script = read_script("s.json", text, role);
  std::vector<std::string> pointers;
  if (!script)
    for (const auto& fault : script.error()) pointers.push_back(fault.pointer);
  return pointers;
}

TEST(ReadScript, TakesEveryKey) {
  const auto script = read_script("s.json", R"({"about": "x", "patience_ms": 5, "connections": [
    {"times": 2, "refuse": 503, "fields": {"Retry-After": "1"}, "delay_ms": 3},
    {"deflate": true, "answer": {"fields": [{"remove": "Upgrade"}]}, "network": {"piece": 1}, "read_bytes_per_s": 10,
     "steps": [{"repeat": 2, "steps": [{"message": "text", "payload": "a"}, {"expect": "close", "code": null}]},
               {"repeat": 3, "as": "i", "steps": [{"message": "text", "payload": "{i}"}]}],
     "then": "fin", "answer_pings": false, "answer_close": false},
    {"times": "always", "fault": "sends-1005+constant-accept"}]})",
                                  ws::Role::server);
  ASSERT_TRUE(script.has_value()) << script.error().front().text();
  ASSERT_EQ(script->plans.size(), 3U);
  EXPECT_EQ(script->plans[0].times, 2U);
  EXPECT_EQ(script->plans[0].status, 503);
  EXPECT_EQ(script->plans[1].steps.size(), 4U);  // a repeat with "as" is written out
  EXPECT_EQ(script->plans[1].steps[0].place, "s.json#/connections/1/steps/0");
  EXPECT_FALSE(script->plans[1].answers_pings);
  EXPECT_TRUE(script->plans[2].always);
  EXPECT_TRUE(script->plans[2].fault->has(ws::testing::Fault::sends_1005));
  EXPECT_EQ(script->patience, std::chrono::milliseconds(5));
}

TEST(ReadScript, SaysWhereWhatIsWrong) {
  using Places = std::vector<std::string>;
  EXPECT_EQ(faults(R"({"connections": [{"steps": [{"expect": "x"}]}]})"), Places{"/connections/0/steps/0/expect"});
  EXPECT_EQ(faults(R"({"connections": [{"steps": [{"alive_s": 1}]}]})"), Places{"/connections/0/steps/0"});
  EXPECT_EQ(faults(R"({"connections": [{"fault": "no"}]})"), Places{"/connections/0/fault"});
  EXPECT_EQ(faults(R"({"connections": [{"refuse": 101}]})"), Places{"/connections/0/refuse"});
  EXPECT_EQ(faults(R"({"connections": [{"times": "always"}, {}]})"), Places{"/connections/1"});
  EXPECT_EQ(faults(R"({"connections": [{"request": {}}]})"), Places{"/connections/0/request"});
  EXPECT_EQ(faults(R"({"connections": [{"answer": {}, "refuse": 500}]})", ws::Role::client).size(), 2U);
  EXPECT_EQ(faults(R"({"connections": [{"then": "close", "then": "stay"}]})").size(), 1U);
  EXPECT_EQ(faults(R"({"connections": [{"steps": [{"expect": "end", "payload": "x"}]}]})"),
            Places{"/connections/0/steps/0"});
  EXPECT_FALSE(faults("[]").empty());
  EXPECT_FALSE(faults("{").empty());
  EXPECT_FALSE(faults(R"({"connections": []})").empty());
}

TEST(ReadCommand, TakesStepsListsAndWords) {
  const auto close = read_command(R"({"close": 1012, "id": "a", "connection": 3})");
  ASSERT_TRUE(close.has_value());
  EXPECT_EQ(close->id, "a");
  EXPECT_EQ(close->connection, 3U);
  EXPECT_EQ(close->steps.size(), 1U);
  EXPECT_EQ(read_command(R"({"send": [{"message": "text"}, {"wait_ms": 1}]})")->steps.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<step::Tcp>(read_command(R"({"drop": "reset"})")->steps[0].action));
  EXPECT_TRUE(read_command(R"({"stop": true})")->stop);
  for (const auto* bad : {"", "1", "{", R"({"drop": "x"})", R"({"send": 1})", R"({"id": 1})"})
    EXPECT_FALSE(read_command(bad).has_value()) << bad;
}

}  // namespace
}  // namespace touchstone::play
