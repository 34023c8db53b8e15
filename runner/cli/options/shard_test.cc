#include "runner/cli/options/shard.h"

#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"

#include <gmock/gmock.h>

#include <map>
#include <vector>

namespace touchstone::cli {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    if (at == variables.end()) return std::nullopt;
    return at->second;
  };
}

std::string shard_text(const std::string& text, const Variables& variables = {}) {
  try {
    const Shard shard = shard_named(text, environment_of(variables));
    return std::to_string(shard.number) + "/" + std::to_string(shard.of);
  } catch (const UsageError& refused) {
    return refused.what();
  }
}

TEST(Shards, AreNamedOutright) {
  EXPECT_EQ(shard_text("2/4"), "2/4");
  EXPECT_EQ(shard_text("2/4", {{"TOUCHSTONE_SHARD", "1/9"}}), "2/4");
  for (const char* bad : {"0/2", "3/2", "1/0", "1", "1/2x", "-1/2", " 1/2", "1/", "/2", "1/99999999999", "auto/0",
                          "auto/x", "auto/", "Auto"})
    EXPECT_THAT(shard_text(bad), HasSubstr("write I/N with I from 1 to N, such as 1/4")) << bad;
}

// As the schedulers' manuals have it: where numbers begin, and what says how many there are.
TEST(Shards, AreWhatTheSchedulerSays) {
  EXPECT_EQ(shard_text("auto", {{"TOUCHSTONE_SHARD", "3/8"}, {"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "2"}}), "3/8");
  EXPECT_EQ(shard_text("auto",
                       {{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_MIN", "1"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}),
            "3/4");
  EXPECT_EQ(shard_text("auto", {{"SLURM_ARRAY_TASK_ID", "6"},  // --array=0-9:2
                                {"SLURM_ARRAY_TASK_MIN", "0"},
                                {"SLURM_ARRAY_TASK_STEP", "2"},
                                {"SLURM_ARRAY_TASK_COUNT", "5"}}),
            "4/5");
  EXPECT_EQ(shard_text("auto/10", {{"JOB_COMPLETION_INDEX", "0"}}), "1/10");
  EXPECT_EQ(shard_text("auto", {{"JOB_COMPLETION_INDEX", "9"}, {"TOUCHSTONE_SHARDS", "10"}}), "10/10");
  EXPECT_EQ(shard_text("auto", {{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "2"}}), "1/2");
  EXPECT_EQ(shard_text("auto", {{"CIRCLE_NODE_INDEX", "1"}, {"CIRCLE_NODE_TOTAL", "2"}}), "2/2");
  EXPECT_EQ(shard_text("auto", {{"BUILDKITE_PARALLEL_JOB", "0"}, {"BUILDKITE_PARALLEL_JOB_COUNT", "2"}}), "1/2");
}

TEST(Shards, WhatTheSchedulerDoesNotSayIsAskedFor) {
  EXPECT_THAT(shard_text("auto"), HasSubstr("no scheduler says which machine this is"));
  EXPECT_THAT(shard_text("auto", {{"JOB_COMPLETION_INDEX", "0"}}), HasSubstr("write --shard auto/N"));
  EXPECT_THAT(shard_text("auto/2", {{"JOB_COMPLETION_INDEX", "2"}}), HasSubstr("which is number 3, but there are 2"));
  EXPECT_THAT(shard_text("auto", {{"CI_NODE_INDEX", "one"}}), HasSubstr("CI_NODE_INDEX is 'one', expected a number"));
  EXPECT_THAT(shard_text("auto", {{"TOUCHSTONE_SHARD", "5"}}), HasSubstr("TOUCHSTONE_SHARD is '5'"));
}

TEST(Shards, ShareTheCatalogueFairly) {
  const std::size_t all = Catalogue::built_in().cases().size();
  for (const std::uint32_t of : {2u, 4u, 7u, 16u}) {
    std::size_t together = 0;
    for (std::uint32_t i = 1; i <= of; ++i) {
      std::size_t n = 0;
      for (const Case& c : Catalogue::built_in().cases()) n += is_in({i, of}, c.id);
      EXPECT_NEAR(static_cast<double>(n), static_cast<double>(all) / of, 0.35 * static_cast<double>(all) / of)
          << i << " of " << of;
      together += n;
    }
    EXPECT_EQ(together, all);
  }
}

// The same in every version: reports of shards that different versions ran still make a whole.
TEST(Shards, AreTheSameForEver) {
  std::string shares;
  for (const char* id : {"framing/text/0", "close/code/1000", "7.7.2", ""})
    for (std::uint32_t i = 1; i <= 4; ++i)
      if (is_in({i, 4}, id)) shares += std::to_string(i);
  EXPECT_EQ(shares, "4214");
}

}  // namespace
}  // namespace touchstone::cli
