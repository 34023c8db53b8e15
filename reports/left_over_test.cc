#include "reports/left_over.h"

#include <gtest/gtest.h>

#include "reports/render.h"
#include "reports/testing/folder.h"
#include "reports/testing/sample.h"

namespace touchstone {
namespace {

class LeftOver : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(write_file(folder_.path() / name, text));
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(folder_.path() / name));
  }

  static constexpr std::string_view kOurs = R"({"agent": "a", "wirelog": [], "touchstone": {}})";
  const TestFolder folder_;
};

TEST_F(LeftOver, FilesOfCasesThatTheIndexDoesNotNameGo) {
  write("index.json", R"({"a": {"1.1": {"reportfile": "a_case_1_1.json"}}})");
  write("a_case_1_1.json", kOurs);
  write("a_case_7_5_1.json", kOurs);
  write("b_case_1_1.json", kOurs);
  EXPECT_EQ(remove_left_over_cases(folder_.path()), 2u);
  EXPECT_TRUE(has("a_case_1_1.json") && has("index.json"));
  EXPECT_FALSE(has("a_case_7_5_1.json") || has("b_case_1_1.json"));
}

TEST_F(LeftOver, WhatSomebodyElseWroteStays) {
  write("index.json", "{}");
  write("my_case_study.json", R"({"agent": "me"})");
  write("notes.json", kOurs);
  std::filesystem::create_symlink("index.json", folder_.path() / "a_case_2.json");
  EXPECT_EQ(remove_left_over_cases(folder_.path()), 0u);
  EXPECT_TRUE(has("my_case_study.json") && has("notes.json") && has("a_case_2.json"));
}

TEST_F(LeftOver, NothingGoesWithoutAnIndexThatCanBeRead) {
  write("a_case_1_1.json", kOurs);
  EXPECT_EQ(remove_left_over_cases(folder_.path()), 0u);
  write("index.json", "{\"a\": ");
  EXPECT_EQ(remove_left_over_cases(folder_.path()), 0u);
  EXPECT_TRUE(has("a_case_1_1.json"));
}

// What the renderer writes is what is taken for ours, and its own index names it.
TEST_F(LeftOver, WhatTheRendererWritesIsKnown) {
  Sample sample = sample_run(1);
  sample.results.resize(200);
  ASSERT_TRUE(render_all(folder_.path(), sample.run, sample.results, sample.texts));
  EXPECT_EQ(remove_left_over_cases(folder_.path()), 0u);
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    cases += entry.path().filename().string().contains("_case_") ? 1 : 0;
  ASSERT_GT(cases, 0u);
  write("index.json", "{}");
  EXPECT_EQ(remove_left_over_cases(folder_.path()), cases);
}

}  // namespace
}  // namespace touchstone
