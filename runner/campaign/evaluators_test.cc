#include "runner/campaign/evaluators.h"

#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>

#include <atomic>

namespace touchstone::fuzz {
namespace {

using ws::testing::DeviantServer;
using ws::testing::Fault;

// Messages of 1, 2, 3 ... octets, so that each answer tells whose it is.
std::vector<Case> messages(std::size_t count) {
  std::vector<Case> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    step::Message message;
    message.payload = {recipe::Literal{ws::Bytes(i + 1, std::byte{'x'})}};
    out[i].steps.push_back({message});
  }
  return out;
}

struct Endpoints {
  Endpoints() {
    for (const Fault fault : {Fault::none, Fault::answers_200}) {
      servers.push_back(std::move(DeviantServer::start(fault, {}).value()));
      Target& target = targets.emplace_back();
      target.url = {false, "127.0.0.1", servers.back()->port(), "/"};
    }
  }
  std::vector<std::unique_ptr<DeviantServer>> servers;
  std::vector<Target> targets;
};

TEST(Evaluators, GiveTheOutcomesInTheOrderOfStimuliAndEndpoints) {
  const Endpoints endpoints;
  const SessionOptions options;
  Evaluators evaluators(endpoints.targets, options, 7, [] { return false; });
  for (const std::size_t count : {std::size_t{40}, std::size_t{3}, std::size_t{0}}) {
    auto stimuli = messages(count);
    evaluators.start(stimuli);
    const auto results = evaluators.finish();
    ASSERT_EQ(results.size(), 2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(stimuli[i].expect);
      ASSERT_EQ(results[2 * i].observation.messages.size(), 1u);
      EXPECT_EQ(results[2 * i].observation.messages.front().length, i + 1);
      EXPECT_EQ(results[2 * i + 1].observation.response->status, 200);
    }
  }
}

TEST(Evaluators, BeginNothingMoreWhenItIsEnough) {
  const Endpoints endpoints;
  const SessionOptions options;
  std::atomic<int> asked = 0;
  Evaluators evaluators(endpoints.targets, options, 1, [&] { return ++asked > 3; });
  auto stimuli = messages(10);
  evaluators.start(stimuli);
  EXPECT_EQ(evaluators.finish().size(), 2u * 3);
}

}  // namespace
}  // namespace touchstone::fuzz
