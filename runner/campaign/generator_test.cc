#include "runner/campaign/generator.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/scenes.h"
#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/format.h"
#include "runner/engine/state_coverage.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace touchstone::fuzz {
namespace {

constexpr Layers kAll{.frames = true, .deflate = true, .handshake = true};

TEST(Generator, DrawsEveryThemeThatIsAskedForAndNoOther) {
  for (const Layers& layers : {kAll, Layers{.deflate = false}, Layers{.frames = false}}) {
    Generator generator(1, layers);
    Dice dice(1);
    std::set<Theme> seen;
    for (int i = 0; i < 2000; ++i) {
      const auto drawn = generator.next(dice);
      seen.insert(drawn.theme);
      EXPECT_TRUE(layers.deflate || !drawn.stimulus.needs_deflate);
    }
    EXPECT_EQ(seen.contains(Theme::openings), layers.handshake);
    EXPECT_EQ(seen.contains(Theme::pair), layers.frames);
    EXPECT_EQ(seen.contains(Theme::window), layers.frames && layers.deflate);
    EXPECT_EQ(seen.contains(Theme::offers), layers.deflate);
  }
}

// Dice promises equal draws on every machine, and both compilers run this: where two draws are arguments of one call,
// their order is the compiler's. Whoever changes what is drawn writes the new digest here.
TEST(Generator, DrawsTheSameWhateverTheCompiler) {
  std::vector<Case> drawn;
  Generator generator(1, kAll), tunnels(1, Layers{.frames = false, .deflate = false, .http2 = true});
  Dice dice(1);
  for (int i = 0; i < 1500; ++i) {
    drawn.push_back(generator.next(dice).stimulus);
    drawn.push_back(any_scene(dice, true, Side::server));
    if (i % 4 == 0) drawn.push_back(tunnels.next(dice).stimulus);
  }
  EXPECT_EQ(digest(drawn).substr(0, 16), "77d5282bade676e7");
}

TEST(Generator, DrawsMoreOfWhatGivesNewOutcomes) {
  Generator generator(1, kAll);
  const double before = generator.weight(Theme::window), other = generator.weight(Theme::sizes);
  for (int i = 0; i < 5; ++i) generator.learn(Theme::window, true);
  for (int i = 0; i < 5000; ++i) generator.learn(Theme::sizes, false);
  EXPECT_GT(generator.weight(Theme::window), before);
  EXPECT_LT(generator.weight(Theme::sizes), other);
  EXPECT_GT(generator.weight(Theme::sizes), 0);
}

// The coverage that is computed from the frames, whoever made them, is the other side.
TEST(Pairs, OfEveryClassAreReachedOnPurpose) {
  for (const bool deflate : {false, true}) {
    Pairs pairs(1, deflate);
    Dice dice(2);
    std::vector<Case> cases;
    for (std::size_t i = 0; i < pairs.all(); ++i) {
      Conversation talk(dice, deflate);
      visit(talk, dice, pairs.next(dice));
      cases.push_back(std::move(talk.stimulus()));
      cases.back().sides = {Side::server};
    }
    EXPECT_EQ(pairs.visited(), pairs.all());
    const StateCoverage coverage = state_coverage(cases);
    std::size_t mine = 0, missed = 0;
    for (const StatePair& pair : coverage.sides[0].classes) {
      if (pair.state->deflate != deflate) continue;
      ++mine;
      if (pair.count > 0) continue;
      if (++missed < 10) ADD_FAILURE() << name(*pair.state) << " " << name(*pair.input);
    }
    EXPECT_EQ(missed, 0u);
    EXPECT_EQ(mine, pairs.all());
  }
}

TEST(Pairs, ThatAreLegalBreakNoRule) {
  for (const bool deflate : {false, true}) {
    Pairs pairs(3, deflate);
    Dice dice(4);
    for (std::size_t i = 0; i < pairs.all(); ++i) {
      const Pairs::Pair pair = pairs.next(dice);
      if (!legal(pair.state, pair.input) || pair.state.phase == State::Phase::failed ||
          cuts_code_point(pair.state, pair.input))
        continue;
      Conversation talk(dice, deflate);
      visit(talk, dice, pair);
      const auto broken = derivation(talk.stimulus(), Side::server, 1).broken;
      EXPECT_FALSE(broken) << name(pair.state) << " " << name(pair.input) << to_json(talk.stimulus());
    }
  }
}

// Most of what is said is legal: who never says anything right meets only the first check of an endpoint.
TEST(Generator, SaysManyThingsRightAndBreaksManyRules) {
  Generator generator(5, kAll);
  Dice dice(5);
  std::map<std::string, int> rules;
  for (int i = 0; i < 1500; ++i) {
    const Case c = expected(generator.next(dice).stimulus, 1);
    ++rules[c.requirements.back()];
  }
  EXPECT_GT(rules[std::string(kProcessing)], 300);
  EXPECT_GT(rules.size(), 18u);
}

}  // namespace
}  // namespace touchstone::fuzz
