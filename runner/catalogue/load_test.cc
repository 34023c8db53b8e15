#include "runner/catalogue/testing/broken_files.h"

#include "runner/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using testing::BrokenFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::one_group;

class Broken : public ::testing::TestWithParam<BrokenFile> {};

TEST_P(Broken, IsRefusedWithItsPlace) {
  const auto loaded = load_cases("cases/s.json", GetParam().text);
  ASSERT_FALSE(loaded.has_value());
  std::string all;
  bool hit = false;
  for (const auto& fault : loaded.error()) {
    all += fault.text() + "\n";
    EXPECT_EQ(fault.file, "cases/s.json");
    EXPECT_FALSE(fault.allowed.empty());
    hit = hit || (fault.pointer == GetParam().pointer && fault.found.find(GetParam().found) != std::string::npos);
  }
  EXPECT_TRUE(hit) << "wanted '" << GetParam().found << "' at " << GetParam().pointer << ", told:\n" << all;
}

INSTANTIATE_TEST_SUITE_P(Files, Broken, ::testing::ValuesIn(testing::broken_files()),
                         [](const auto& row) { return std::string(row.param.what); });

std::vector<Case> good(std::string_view text) {
  auto loaded = load_cases("cases/s.json", text);
  if (loaded) return std::move(*loaded);
  for (const auto& fault : loaded.error()) ADD_FAILURE() << fault.text();
  return {};
}

TEST(Load, TellsEveryFaultOfAFileOnce) {
  const auto loaded = load_cases("x.json", one_group(R"("bulk": 1, "wire": "$none", "titel": "", "tags": ["$n"],
      "sweep": [[{"n": "1"}, {"n": "2"}, {"n": "3"}]],)"));
  ASSERT_FALSE(loaded.has_value());
  std::vector<std::string> pointers;
  for (const auto& fault : loaded.error()) pointers.push_back(fault.pointer);
  EXPECT_EQ(std::ranges::count(pointers, "/groups/0/bulk"), 1);
  EXPECT_EQ(std::ranges::count(pointers, "/groups/0/wire"), 1);
  EXPECT_EQ(std::ranges::count(pointers, "/groups/0"), 1);
}

TEST(Load, SaysAFaultInOneLine) {
  const CaseFileError fault{"a.json", "/groups/0/id", "x", "y"};
  EXPECT_EQ(fault.text(), "a.json#/groups/0/id: found x; allowed: y");
}

TEST(Load, MultipliesAxesWithTheLastOneFastest) {
  const auto cases = good(R"({"suite": "s", "about": "", "axes": {"sizes": [{"len": 1}, {"len": 2}]},
    "groups": [{"id": "{op}-{len}", "title": "t", "requirements": ["r"], "sweep": [[{"op": "text"}, {"op": "binary"}], "@sizes"],
      "steps": [{"message": "$op", "payload": {"fill": "x", "len": "$len"}}]}]})");
  ASSERT_EQ(cases.size(), 4u);
  EXPECT_EQ(cases[1].id, "s/text-2");
  EXPECT_EQ(cases[2].id, "s/binary-1");
  const auto& message = std::get<step::Message>(cases[3].steps[0].action);
  EXPECT_EQ(message.opcode, ws::Opcode::binary);
  EXPECT_EQ(length(message.payload), 2u);
  EXPECT_FALSE(cases[0].expect.has_value());
  EXPECT_EQ(cases[0].source, "cases/s.json#/groups/0");
}

TEST(Load, SpreadsAParameterThatIsAList) {
  const auto cases = good(one_group(R"("tags": ["a", "...$more", "d"], "sweep": [[{"more": ["b", "c"]}]],)"));
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_THAT(cases[0].tags, ElementsAre("a", "b", "c", "d"));
}

TEST(Load, WritesOutARepeatWithACounterAndKeepsOneWithout) {
  const auto cases = good(one_group("", R"([{"repeat": 3, "as": "i", "steps": [{"frame": "ping", "payload": "p{i}"}]},
      {"repeat": 1000, "steps": [{"message": "text"}, {"await": "echo"}]}])"));
  ASSERT_EQ(cases.at(0).steps.size(), 4u);
  const auto& ping = std::get<step::Frame>(cases[0].steps[2].action);
  EXPECT_EQ(ws::as_text(std::get<recipe::Literal>(ping.payload.recipe).octets), "p2");
  EXPECT_EQ(std::get<step::Repeat>(cases[0].steps[3].action).count, 1000u);
}

TEST(Load, ReadsEveryEnd) {
  const auto end = [](const char* text) { return good(one_group("", "[]", text)).at(0).expect->end; };
  EXPECT_TRUE(std::holds_alternative<end::Polite>(end(R"({"end": "polite"})")));
  EXPECT_THAT(std::get<end::Replies>(end(R"({"end": {"answers": [1000, 1001]}})")).codes, ElementsAre(1000, 1001));
  EXPECT_THAT(std::get<end::Fails>(end(R"({"end": {"fails": [1002]}})")).codes, ElementsAre(1002));
  EXPECT_THAT(std::get<end::Open>(end(R"({"end": {"open": [1000]}})")).codes, ElementsAre(1000));
}

TEST(Load, EndsInTimeOnAFileMadeToExplode) {
  // 20 000 cases of 10 000 steps would be gigabytes.
  std::string rows;
  for (int i = 0; i < 20'000; ++i) rows += (i == 0 ? "" : ",") + std::string(R"({"n": )") + std::to_string(i) + "}";
  const auto loaded = load_cases("x.json", R"({"suite": "s", "about": "", "groups": [{"id": "{n}", "title": "t",
      "requirements": ["r"], "sweep": [[)" + rows +
                                               R"(]], "steps": [{"repeat": 10000, "as": "i",
      "steps": [{"message": "text", "payload": "{i}"}]}]}]})");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().at(0).found, HasSubstr("more memory"));
}

}  // namespace
}  // namespace touchstone
