#include "runner/campaign/mutator.h"

#include "runner/campaign/evaluate.h"
#include "runner/campaign/expectation.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/contradictions.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace touchstone::fuzz {
namespace {

std::vector<Case> catalogue_seeds() {
  std::vector<Case> out;
  for (const Case* c : select(Catalogue::built_in(), {.profile = Profile::core})) out.push_back(*c);
  return out;
}

// So many stimuli as files, with a corpus that grows as in a campaign.
std::vector<std::string> stimuli(std::uint64_t seed, const Layers& layers, std::size_t n) {
  Mutator mutator(seed, layers, {});
  std::vector<Case> corpus;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) {
    Case c = mutator.next(corpus);
    out.push_back(to_json(c));
    if (i % 5 == 0) corpus.push_back(std::move(c));
  }
  return out;
}

TEST(Mutator, EqualSeedsGiveEqualStimuli) {
  const Layers all{.handshake = true};
  EXPECT_EQ(stimuli(7, all, 300), stimuli(7, all, 300));
  EXPECT_NE(stimuli(7, all, 300), stimuli(8, all, 300));
}

TEST(Mutator, BeginsWithWhatTheCatalogueSends) {
  Mutator mutator(1, {}, catalogue_seeds());
  std::set<std::string> requirements;
  for (int i = 0; i < 600; ++i) requirements.insert(expected(mutator.next({}), 1).requirements.front());
  // Reserved bits, fragments, control frames, UTF-8 ...
  EXPECT_GT(requirements.size(), 10u);
}

TEST(Mutator, KeepsToItsBounds) {
  Mutator mutator(3, {.handshake = true}, catalogue_seeds());
  std::vector<Case> corpus;
  for (int i = 0; i < 3000; ++i) {
    const Case c = mutator.next(corpus);
    EXPECT_LE(c.steps.size(), Mutator::kMostSteps);
    std::uint64_t size = 0;
    for (const Step& step : c.steps) {
      if (const auto* frame = std::get_if<step::Frame>(&step.action)) size += length(frame->payload);
      if (const auto* message = std::get_if<step::Message>(&step.action)) size += length(message->payload);
    }
    EXPECT_LE(size, Mutator::kMostPayload);
    const std::string file = to_json(expected(c, 1));
    const auto read = load_cases("case.json", file);
    EXPECT_TRUE(read) << read.error().front().text() << "\n" << file;
    if (i % 7 == 0) corpus.push_back(c);
  }
}

// `touchstone test --cases` takes the file of every finding.
TEST(Mutator, MakesStimuliWhoseExpectationsStandBesideTheStrictStack) {
  Mutator mutator(17, {.frames = true, .deflate = true, .handshake = true}, catalogue_seeds());
  for (int i = 0; i < 3000; ++i) {
    const Case c = expected(mutator.next({}), 1);
    for (const auto& text : contradictions(c)) ADD_FAILURE() << text << "\n" << to_json(c);
  }
}

TEST(Mutator, LeavesLayersAloneThatWereNotAskedFor) {
  Mutator frames(5, {.frames = true, .deflate = false, .handshake = false}, catalogue_seeds());
  Mutator handshake(5, {.frames = false, .deflate = false, .handshake = true}, catalogue_seeds());
  std::set<std::string> parts;
  for (int i = 0; i < 1000; ++i) {
    const Case plain = frames.next({});
    EXPECT_FALSE(plain.needs_deflate);
    EXPECT_TRUE(plain.made_of.empty());
    const Case opening = handshake.next({});
    parts.insert(opening.made_of.begin(), opening.made_of.end());
    EXPECT_TRUE(std::ranges::none_of(opening.steps, [](const Step& step) {
      return std::holds_alternative<step::Frame>(step.action);
    })) << to_json(opening);
  }
  EXPECT_GT(parts.size(), 100u);
}

}  // namespace
}  // namespace touchstone::fuzz
