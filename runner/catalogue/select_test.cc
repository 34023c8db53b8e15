#include "runner/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Case sample() {
  Case c;
  c.id = "close/code-valid/1000";
  c.aliases = {"7.7.1"};
  c.requirements = {"rfc6455-7.4.1-1"};
  c.tags = {"close", "cve"};
  return c;
}

TEST(Matches, TakesIdsAndTheirGlobs) {
  for (const char* pattern : {"close/code-valid/1000", "close/*", "*1000", "*", "close/code-????d/1000", "close",
                              "close/", "close/code-valid", "close/code-*", "cl*e"}) {
    EXPECT_TRUE(matches(sample(), pattern)) << pattern;
  }
  for (const char* pattern : {"", "/", "clos", "lose", "close/code", "close/code-valid/100", "code-valid", "??"}) {
    EXPECT_FALSE(matches(sample(), pattern)) << pattern;
  }
}

TEST(Matches, TakesAutobahnsIds) {
  for (const char* pattern : {"7.7.1", "7.*", "7.7.*", "7", "7.7", "7."})
    EXPECT_TRUE(matches(sample(), pattern)) << pattern;
  for (const char* pattern : {"7.7.10", "7.7.1.1", "7.1.*", "1", "77"})
    EXPECT_FALSE(matches(sample(), pattern)) << pattern;
}

TEST(Matches, TakesRequirementsAndTags) {
  for (const char* pattern : {"rfc6455-7.4.1-1", "rfc6455-7.4.*", "tag:cve", "tag:c*"})
    EXPECT_TRUE(matches(sample(), pattern)) << pattern;
  for (const char* pattern : {"rfc6455-7.4.1", "cve", "tag:", "tag:cv"})
    EXPECT_FALSE(matches(sample(), pattern)) << pattern;
}

TEST(Matches, EndsInTimeOnManyStars) {
  Case c;
  c.id = std::string(2000, 'a');
  EXPECT_FALSE(matches(c, "*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

std::size_t count(const Selection& selection) { return select(Catalogue::built_in(), selection).size(); }

TEST(Select, LeavesBulkOutOfTheCoreProfile) {
  const auto of_servers = [](bool with_bulk, std::chrono::milliseconds longest_wait) {
    const auto chosen = [&](const Case& c) {
      return !c.http2 && std::ranges::find(c.sides, Side::server) != c.sides.end() && (with_bulk || !c.bulk) &&
             waits(c) <= longest_wait;
    };
    return static_cast<std::size_t>(std::ranges::count_if(Catalogue::built_in().cases(), chosen));
  };
  EXPECT_EQ(count({.profile = Profile::standard}), of_servers(true, std::chrono::seconds(10)));
  EXPECT_EQ(count({.profile = Profile::full}), of_servers(true, std::chrono::hours(1)));
  EXPECT_EQ(count({.profile = Profile::core}), of_servers(false, std::chrono::milliseconds(200)));
  EXPECT_EQ(count({.include = {"9.*", "12.*", "13.*"}, .profile = Profile::core}), 0u);
}

TEST(Select, IncludesThenExcludes) {
  EXPECT_EQ(count({.include = {"9.*"}}), 54u);
  EXPECT_EQ(count({.include = {"9.*"}, .exclude = {"9.1.*"}}), 48u);
  EXPECT_EQ(count({.include = {"12", "13"}}), 216u);
}

TEST(Select, KeepsToTheSide) {
  EXPECT_EQ(count({.include = {"negotiation"}, .side = Side::client}), 0u);
  EXPECT_EQ(count({.include = {"negotiation"}, .side = Side::server}), 4u);
}

TEST(Select, NamesPatternsThatMatchNothing) {
  std::vector<std::string> unmatched;
  const auto selected =
      select(Catalogue::built_in(), {.include = {"1.1.1", "99.*"}, .exclude = {"nothing"}}, &unmatched);
  EXPECT_EQ(selected.size(), 1u);
  EXPECT_THAT(unmatched, ElementsAre("99.*", "nothing"));
}

TEST(Select, KeepsTheOrderOfTheCatalogue) {
  const auto selected = select(Catalogue::built_in(), {.include = {"7.1.1", "1.1.1"}});
  ASSERT_EQ(selected.size(), 2u);
  EXPECT_THAT(selected[0]->aliases, ElementsAre("1.1.1"));
}

struct Mass {
  std::uint64_t messages = 0, octets = 0;
  void add(std::span<const Step> steps, std::uint64_t times) {
    for (const Step& step : steps) {
      if (const auto* message = std::get_if<step::Message>(&step.action)) {
        messages += times;
        octets += times * length(message->payload);
      }
      if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) add(repeat->steps, times * repeat->count);
    }
  }
};

Mass mass(const Case& c) {
  Mass sum;
  sum.add(c.steps, 1);
  return sum;
}

TEST(Scaled, BoundsEveryBulkCaseInTheStandardProfile) {
  for (const Case& c : Catalogue::built_in().cases()) {
    const auto m = mass(scaled(c, Profile::standard));
    // Of a connection that is held no more is sent than it takes until the endpoint's writes are stuck.
    EXPECT_LE(m.messages, c.bulk ? 50u : (is_scenario(c) ? 4000u : 1000u)) << c.id;
    EXPECT_LE(m.octets, 4u * 1024 * 1024) << c.id;
    EXPECT_GE(m.messages, std::min<std::uint64_t>(mass(c).messages, 1)) << c.id;
    EXPECT_EQ(to_json(scaled(c, Profile::full)), to_json(c));
    if (!c.bulk) {
      EXPECT_EQ(to_json(scaled(c, Profile::standard)), to_json(c));
    }
  }
}

TEST(Scaled, SaysSoInTheTitle) {
  const auto& catalogue = Catalogue::built_in();
  EXPECT_TRUE(scaled(*catalogue.find("9.1.6"), Profile::standard).title.ends_with("(scaled to 4194304 octets)"));
  EXPECT_TRUE(scaled(*catalogue.find("12.1.10"), Profile::standard).title.ends_with("(scaled to 8 rounds)"));
  EXPECT_EQ(scaled(*catalogue.find("9.1.1"), Profile::standard).title, catalogue.find("9.1.1")->title);
}

TEST(Scaled, KeepsFragmentsAndWrites) {
  const auto& catalogue = Catalogue::built_in();
  const auto fragments = scaled(*catalogue.find("9.3.1"), Profile::standard);
  EXPECT_EQ(std::get<step::Message>(fragments.steps[0].action).fragment, 64u);
  EXPECT_EQ(scaled(*catalogue.find("9.5.1"), Profile::standard).wire.octets, 64u);
}

}  // namespace
}  // namespace touchstone
