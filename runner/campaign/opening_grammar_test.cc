#include "runner/campaign/opening_grammar.h"

#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/opening.h"

#include <ws/core/http/handshake.h>

#include <gtest/gtest.h>

#include <set>

namespace touchstone::fuzz {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;

// What the strict stack makes of the request: true when it opens.
bool opens(const Case& c) {
  Target target;
  target.url = {false, "127.0.0.1", 9001, "/"};
  const auto head = ws::parse_request(opening_request(c, target, 1).octets, ws::HeadLimits{});
  return head && ws::check_request(*head);
}

template <class See>
void each_drawn(const See& see) {
  Dice dice(7);
  for (int i = 0; i < 4000; ++i) {
    const std::string name = any_opening_name(dice);
    const auto drawn = drawn_opening(name);
    ASSERT_TRUE(drawn) << name;
    see(*drawn);
  }
}

TEST(OpeningGrammar, KeepsToTheStrictStack) {
  std::set<std::string> kinds;
  each_drawn([&](const Case& c) {
    kinds.insert(c.id.substr(0, c.id.rfind('/')));
    const ExpectOpening& opening = *c.expect->opening;
    if (c.request->stop || opening.level == Level::may) return;
    EXPECT_EQ(opens(c), opening.outcome == Outcome::open) << to_json(c);
  });
  EXPECT_GT(kinds.size(), 30u);
}

TEST(OpeningGrammar, AsksForNoMoreThanTheRequirementDoes) {
  each_drawn([](const Case& c) {
    const Requirement* rule = Catalogue::built_in().requirement(c.requirements.front());
    ASSERT_NE(rule, nullptr) << c.requirements.front();
    if (c.expect->opening->level != Level::must) return;
    EXPECT_TRUE(rule->level.starts_with("MUST")) << c.id << rule->id << rule->level;
  });
}

TEST(OpeningGrammar, NamesAreAllOfWhatWasDrawn) {
  Dice dice(3);
  for (int i = 0; i < 100; ++i) {
    const std::string name = any_opening_name(dice);
    EXPECT_EQ(to_json(*drawn_opening(name)), to_json(*drawn_opening(name)));
  }
  for (const char* other : {"fuzz-opening/", "fuzz-opening/method", "fuzz-opening/method/x", "fuzz-opening/none/1",
                            "opening-request/host-missing"})
    EXPECT_FALSE(drawn_opening(other)) << other;
}

TEST(OpeningGrammar, OffersAreWellFormedWhateverTheyAskFor) {
  Dice dice(5);
  int accepted = 0, declined = 0;
  for (int i = 0; i < 500; ++i) {
    std::vector<ws::Extension> elements;
    for (const std::string& offer : any_offer(dice)) {
      const auto parsed = ws::parse_extensions(offer);
      ASSERT_TRUE(parsed) << offer;
      elements.insert(elements.end(), parsed->begin(), parsed->end());
    }
    ++(ws::accept_deflate(elements) ? accepted : declined);
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(declined, 50);
}

}  // namespace
}  // namespace touchstone::fuzz
