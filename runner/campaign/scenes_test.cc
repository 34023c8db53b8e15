#include "runner/campaign/scenes.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/minimise.h"
#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

Case named(Case c, int number) {
  c.id = "fuzz/scene-" + std::to_string(number);
  c.title = "A scene";
  c.sides = {Side::server};
  return c;
}

bool has(const Case& c, auto which) { return std::ranges::any_of(c.steps, which); }

// What the language of the cases refuses, as a wait on a connection that is held, can not be replayed.
TEST(Scenes, CanBeWrittenAndReadAgain) {
  Dice dice(1);
  for (int i = 0; i < 300; ++i) {
    const Case c = expected(named(any_scene(dice, true), i), 1);
    ASSERT_TRUE(is_scene(c));
    const std::string text = to_json(c);
    const auto again = load_cases("scene.json", text);
    ASSERT_TRUE(again) << again.error().front().text() << text;
    ASSERT_EQ(again->size(), 1u);
    EXPECT_EQ(to_json(again->front()), text);
  }
}

TEST(Scenes, AreOfEveryKind) {
  Dice dice(2);
  int several = 0, silent = 0, held = 0, crowds = 0, faults = 0;
  for (int i = 0; i < 300; ++i) {
    const Case c = scene_expected(any_scene(dice, false), 1);
    EXPECT_FALSE(c.needs_deflate);
    several += !c.connections.empty();
    silent += c.connections.empty() &&
              has(c, [](const Step& step) { return std::holds_alternative<step::Idle>(step.action); });
    held += is_held(c.steps);
    crowds += has(c, [](const Step& step) { return std::holds_alternative<step::Alive>(step.action); });
    faults += c.requirements.front() != kProcessing;
  }
  for (const int count : {several, silent, held, crowds, faults}) EXPECT_GT(count, 10);
}

// Whoever is accused by less than the whole scene is accused of the same.
TEST(Scenes, AreMadeSmallByConnectionsAndKeepTheirStage) {
  Dice dice(3);
  const auto holds = [](const Case& c) {
    return std::ranges::count_if(c.steps, [](const Step& s) { return std::holds_alternative<step::Hold>(s.action); });
  };
  for (int i = 0; i < 60; ++i) {
    const Case scene = scene_expected(any_scene(dice, true), 1);
    const bool gone = has(scene, [](const Step& step) { return step.on == "gone"; });
    asio::io_context context;
    Case small;
    const StillShows ask = [&](const Case& candidate) -> asio::awaitable<bool> {
      EXPECT_EQ(holds(candidate), holds(scene));
      for (const Step& step : candidate.steps) {
        const auto is_its = [&](const Beside& beside) { return beside.name == step.on; };
        EXPECT_TRUE(step.on.empty() || std::ranges::any_of(candidate.connections, is_its));
      }
      co_return !gone || has(candidate, [](const Step& step) { return step.on == "gone"; });
    };
    const auto run = [&]() -> asio::awaitable<void> { small = co_await minimise(scene, ask, 200); };
    asio::co_spawn(context, run, [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    context.run();
    EXPECT_LE(small.connections.size(), gone ? 1u : 0u) << to_json(named(small, i));
  }
}

}  // namespace
}  // namespace touchstone::fuzz
