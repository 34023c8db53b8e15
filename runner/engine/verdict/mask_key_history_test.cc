#include "runner/engine/verdict/mask_key_history.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>

namespace touchstone {
namespace {

using ws::rules::FindingKind;
using Source = std::function<std::uint32_t()>;

// What is found over so many connections, each with `frames` keys of the source that `fresh` makes for it.
std::vector<FindingKind> found(int connections, int frames, const std::function<Source()>& fresh) {
  MaskKeyHistory history;
  std::vector<FindingKind> all;
  for (int i = 0; i < connections; ++i) {
    const Source source = fresh();
    std::vector<std::uint32_t> keys;
    for (int frame = 0; frame < frames; ++frame) {
      keys.push_back(source());
      history.saw(keys.back());
    }
    if (const auto one = history.ended(keys)) all.push_back(one->kind);
  }
  return all;
}

TEST(MaskKeyHistory, SaysNothingOfAGoodSource) {
  std::mt19937 random(7);
  for (const int frames : {1, 2, 3, 50})
    EXPECT_TRUE(found(2000, frames, [&] { return [&] { return static_cast<std::uint32_t>(random()); }; }).empty());
}

TEST(MaskKeyHistory, FindsTheSameKeysOnEveryConnection) {
  const auto same = [] {
    return [random = std::make_shared<std::mt19937>(1)] { return static_cast<std::uint32_t>((*random)()); };
  };
  EXPECT_EQ(found(100, 3, same), std::vector(7, FindingKind::mask_key_sequence))
      << "of 99 times the first, second, 4th, ... 64th";
  // One frame a connection: nothing but the one key, again and again.
  EXPECT_EQ(found(100, 1, same), std::vector{FindingKind::mask_key_constant});
}

TEST(MaskKeyHistory, FindsOneGeneratorBehindAllConnections) {
  std::uint32_t state = 99;
  const auto all = found(100, 2, [&] { return [&] { return state = state * 1664525 + 1013904223; }; });
  ASSERT_FALSE(all.empty());
  for (const FindingKind kind : all) EXPECT_EQ(kind, FindingKind::mask_key_predictable);
}

TEST(MaskKeyHistory, FindsItAlsoWhereSomeFramesPassOthers) {
  MaskKeyHistory history;
  std::uint32_t state = 99;
  std::vector<std::uint32_t> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(state = state * 1664525 + 1013904223);
  for (std::size_t i = 0; i + 1 < keys.size(); i += 50) std::swap(keys[i], keys[i + 1]);
  for (const std::uint32_t key : keys) history.saw(key);
  const auto found = history.ended(std::span(keys).last(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, FindingKind::mask_key_predictable);
}

TEST(MaskKeyHistory, FindsAPoolOfKeys) {
  std::mt19937 random(7);
  const auto pool = [&] { return [&] { return 0x9e3779b9U * (1 + static_cast<std::uint32_t>(random()) % 97); }; };
  const auto all = found(200, 3, pool);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front(), FindingKind::mask_key_repeats);
}

}  // namespace
}  // namespace touchstone
