#include "runner/catalogue/catalogue.h"

#include "runner/catalogue/lint.h"
#include "runner/catalogue/testing/autobahn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/core/http2/violation.h>

#include <algorithm>
#include <map>
#include <set>

namespace touchstone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const Catalogue& catalogue() { return Catalogue::built_in(); }

const Case& the(std::string_view id) {
  const Case* found = catalogue().find(id);
  if (found == nullptr) throw std::runtime_error(std::string(id));
  return *found;
}

TEST(BuiltIn, ResolvesEveryAutobahnIdExactlyOnce) {
  std::map<std::string, int> seen;
  for (const Case& c : catalogue().cases()) {
    for (const auto& alias : c.aliases) ++seen[alias];
  }
  const auto ids = testing::autobahn_ids();
  EXPECT_EQ(ids.size(), 517u);
  EXPECT_EQ(seen.size(), 517u);
  for (const auto& id : ids) EXPECT_EQ(seen[id], 1) << id;
}

TEST(BuiltIn, HasIdsThatAreUniqueAndMeaningful) {
  std::set<std::string> ids;
  for (const Case& c : catalogue().cases()) {
    EXPECT_TRUE(ids.insert(c.id).second) << c.id;
    EXPECT_EQ(catalogue().find(c.id), &c);
    EXPECT_NE(c.id.find('/'), std::string::npos) << c.id;
  }
  EXPECT_EQ(catalogue().find("no/such/case"), nullptr);
}

TEST(BuiltIn, CitesRequirementsThatExistAndBindATestedSide) {
  EXPECT_EQ(catalogue().requirements().size(), 687u);
  EXPECT_EQ(catalogue().choices().size(), 42u);
  for (const Case& c : catalogue().cases()) {
    ASSERT_FALSE(c.requirements.empty()) << c.id;
    for (const auto& id : c.requirements) {
      const Requirement* requirement = catalogue().requirement(id);
      ASSERT_NE(requirement, nullptr) << c.id << " cites " << id;
      // Who is between two endpoints is one to each of them, and is bound by what binds those as well.
      if (c.two_sided) continue;
      EXPECT_NE(requirement->binds, "intermediary") << c.id << " cites " << id;
    }
  }
}

TEST(BuiltIn, KnowsTheRequirementsThatTheHeadsOfHttp2Break) {
  for (const ws::http2::Rule& rule : ws::http2::all_rules())
    EXPECT_NE(catalogue().requirement(rule.requirement), nullptr) << rule.name << " cites " << rule.requirement;
}

TEST(BuiltIn, ChoicesAndRequirementsNameEachOther) {
  for (const Requirement& r : catalogue().requirements()) {
    if (r.choice.empty()) continue;
    const Choice* choice = catalogue().choice(r.choice);
    ASSERT_NE(choice, nullptr) << r.id;
    EXPECT_NE(std::ranges::find(choice->requirements, r.id), choice->requirements.end()) << r.id;
  }
}

TEST(BuiltIn, FollowsAutobahnsOrder) {
  std::vector<std::string> firsts;
  for (const Case& c : catalogue().cases()) {
    if (!c.aliases.empty()) firsts.push_back(c.aliases.front());
  }
  std::vector<std::string> expected;
  for (const auto& id : testing::autobahn_ids()) {
    if (std::ranges::find(firsts, id) != firsts.end()) expected.push_back(id);
  }
  EXPECT_EQ(firsts, expected);
}

TEST(BuiltIn, TestsBothSidesWhereAutobahnDoes) {
  for (const Case& c : catalogue().cases()) {
    const bool both = c.sides == std::vector{Side::server, Side::client};
    EXPECT_TRUE(both || c.aliases.empty()) << c.id;
    EXPECT_EQ(c.bulk, std::ranges::find(c.tags, "bulk") != c.tags.end()) << c.id;
    const bool for_servers = std::ranges::find(c.sides, Side::server) != c.sides.end();
    EXPECT_TRUE(!c.needs_deflate || !for_servers || !c.offer.empty()) << c.id;
    EXPECT_FALSE(c.request && c.sides != std::vector{Side::server}) << c.id;
    EXPECT_FALSE(c.answer && c.sides != std::vector{Side::client}) << c.id;
  }
}

TEST(BuiltIn, IsInformationalWhereTheRfcIsSilent) {
  std::vector<std::string> aliases;
  for (const Case& c : catalogue().cases()) {
    if (!c.informational.empty()) aliases.insert(aliases.end(), c.aliases.begin(), c.aliases.end());
  }
  EXPECT_THAT(aliases, UnorderedElementsAre("7.1.6", "7.13.1", "7.13.2"));
}

TEST(BuiltIn, IsFreeOfLint) {
  std::string told;
  for (const auto& fault : lint_together(built_in_files())) told += fault.text() + "\n";
  EXPECT_EQ(told, "");
}

TEST(BuiltIn, HasAStableHash) {
  EXPECT_EQ(catalogue().hash().size(), 64u);
  EXPECT_EQ(catalogue().hash().find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(BuiltIn, SendsWhatAutobahnSends) {
  // One of each kind, by hand.
  const auto& chopped = the("1.1.8");
  EXPECT_EQ(chopped.wire.octets, 997u);
  EXPECT_EQ(std::get<step::Frame>(the("2.5").steps[0].action).opcode, ws::Opcode::ping);
  EXPECT_EQ(length(std::get<step::Frame>(the("2.5").steps[0].action).payload), 126u);
  EXPECT_EQ(std::get<step::Frame>(the("3.4").steps[1].action).rsv, 4);
  EXPECT_EQ(static_cast<int>(std::get<step::Frame>(the("4.2.5").steps[1].action).opcode), 15);
  EXPECT_FALSE(std::get<step::Frame>(the("5.12").steps[0].action).fin);
  EXPECT_EQ(std::get<step::Message>(the("6.2.2").steps[0].action).fragment, 15u);
  EXPECT_THAT(std::get<step::Frame>(the("6.4.4").steps[0].action).pause_at, ElementsAre(12, 13));
  EXPECT_EQ(std::get<step::Close>(the("7.7.8").steps[0].action).code, 1010);
  EXPECT_EQ(length(std::get<step::Message>(the("9.2.6").steps[0].action).payload), 16u * 1024 * 1024);
  const auto& repeat = std::get<step::Repeat>(the("13.7.18").steps[0].action);
  EXPECT_EQ(repeat.count, 1000u);
  EXPECT_EQ(std::get<step::Message>(repeat.steps[0].action).fragment, 32768u);
  EXPECT_EQ(the("13.7.18").offer.size(), 3u);
}

TEST(ToJson, GivesTheSameCaseBack) {
  for (const Case& c : catalogue().cases()) {
    const auto text = to_json(c);
    const auto again = load_cases("written.json", text);
    ASSERT_TRUE(again.has_value()) << c.id << ": " << again.error()[0].text() << "\n" << text;
    ASSERT_EQ(again->size(), 1u);
    EXPECT_EQ(again->at(0).id, c.id);
    EXPECT_EQ(again->at(0).deadline, c.deadline);
    EXPECT_EQ(again->at(0).sides, c.sides);
    ASSERT_EQ(to_json(again->at(0)), text);
  }
}

TEST(ToJson, KeepsOctetsThatLookLikeLanguage) {
  for (const char* octets : {"$x", "{x}", "@sent", "...$x", "\"", "\\", "\n", "\xff", ""}) {
    Case c;
    c.id = "a/b";
    c.title = "t";
    c.requirements = {"r"};
    c.sides = {Side::client};
    c.steps.push_back({step::Frame{.payload = {recipe::Literal{ws::to_bytes(std::string_view(octets))}}}});
    const auto again = load_cases("x.json", to_json(c));
    ASSERT_TRUE(again.has_value()) << octets << again.error()[0].text();
    const auto& frame = std::get<step::Frame>(again->at(0).steps[0].action);
    EXPECT_EQ(ws::as_text(std::get<recipe::Literal>(frame.payload.recipe).octets), octets);
    EXPECT_EQ(again->at(0).sides, c.sides);
  }
}

}  // namespace
}  // namespace touchstone
