#include "runner/campaign/corpus.h"

#include "runner/campaign/campaign_folder.h"
#include "runner/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <set>

namespace touchstone::fuzz {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Corpus : public testing::Test {
 public:
  Corpus() : folder_(fs::temp_directory_path() / ("corpus_test." + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Corpus() override { fs::remove_all(folder_); }

 protected:
  static Case stimulus(const std::string& id) { return *Catalogue::built_in().find(id); }

  fs::path with(const std::string& name, const std::vector<Kept>& all) {
    fs::create_directories(folder_ / name);
    for (const Kept& each : all) EXPECT_TRUE(keep(folder_ / name, each).has_value());
    return folder_ / name;
  }

  static std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::ifstream file(entry.path());
      out[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return out;
  }

  std::set<std::string> outcomes(const fs::path& folder) {
    std::set<std::string> out;
    for (const Kept& each : read_corpus(folder, left_out_)) out.insert(each.outcome);
    return out;
  }

  std::vector<std::string> complaints_;
  LeftOut left_out_ = [this](const std::string& why) { complaints_.push_back(why); };
  fs::path folder_;
};

TEST_F(Corpus, NamesAreOfWhatIsSentAndOfNothingElse) {
  Case one = stimulus("close/code-valid/1000"), other = one;
  other.id = "another/name";
  other.note = "another note";
  EXPECT_EQ(content_name(one), content_name(other));
  EXPECT_THAT(content_name(one), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(content_name(one), content_name(stimulus("close/code-valid/3000")));
}

TEST_F(Corpus, WhatIsKeptIsReadAgain) {
  const Kept kept{stimulus("close/code-valid/1000"), "OK/close-1000/1|", {}};
  const auto read = read_corpus(with("a", {kept, kept}), left_out_);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].outcome, kept.outcome);
  EXPECT_EQ(content_name(read[0].stimulus), content_name(kept.stimulus));
  EXPECT_EQ(read[0].stimulus.note, "");
  EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(Corpus, MergesWhateverTheOrderAndHoweverOften) {
  const Case a = stimulus("close/code-valid/1000"), b = stimulus("close/code-valid/3000"),
             c = stimulus("close/code-invalid/0");
  const auto one = with("one", {{a, "x|", {}}, {c, "y|", {}}});
  const auto two = with("two", {{b, "x|", {}}, {c, "y|", {}}, {stimulus("close/code-valid/4999"), "", {}}});
  const auto merged = merge_corpora(folder_ / "12", {one, two}, left_out_);
  ASSERT_TRUE(merged.has_value()) << merged.error();
  EXPECT_EQ(merged->read, 5u);
  EXPECT_EQ(merged->copies, 1u);   // c
  EXPECT_EQ(merged->nothing, 1u);  // a or b
  EXPECT_EQ(merged->kept, 3u);
  EXPECT_EQ(outcomes(folder_ / "12"), (std::set<std::string>{"", "x|", "y|"}));
  ASSERT_TRUE(merge_corpora(folder_ / "21", {two}, left_out_).has_value());
  ASSERT_TRUE(merge_corpora(folder_ / "21", {one}, left_out_).has_value());
  ASSERT_TRUE(merge_corpora(folder_ / "21", {one, two}, left_out_).has_value());
  EXPECT_EQ(contents(folder_ / "12"), contents(folder_ / "21"));
}

TEST_F(Corpus, TakesFilesThatWereNumberedAndLeavesOutWhatIsNone) {
  const auto old = folder_ / "old";
  fs::create_directories(old);
  std::ofstream(old / "000001.json") << to_json(stimulus("close/code-valid/1000"));
  std::ofstream(old / "000002.json") << to_json(stimulus("close/code-valid/1000"));
  std::ofstream(old / "000003.json") << "{";
  ASSERT_TRUE(merge_corpora(old, {}, left_out_).has_value());
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("000003.json")));
  std::vector<std::string> names;
  for (const auto& [name, content] : contents(old)) names.push_back(name);
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("000003.json", content_name(stimulus("close/code-valid/1000")) + ".json"));
}

// --- fuzz.json -----------------------------------------------------------------------------------------------------

CampaignRecord campaign(std::uint64_t seed) {
  CampaignRecord record;
  record.start = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000 + seed));
  record.version = "0.1.0";
  record.seed = seed;
  record.endpoints = {"one", "two"};
  record.took = std::chrono::milliseconds(1000);
  record.cpu = std::chrono::milliseconds(500);
  record.stimuli = 10 * seed;
  record.connections = 20;
  record.outcomes = 3;
  record.found = {"rfc6455-5.1-3-fault-ignored"};
  record.series = {{std::chrono::milliseconds(1000), 10, 3, 1}};
  return record;
}

TEST(CampaignRecords, AreReadAsTheyWereWritten) {
  const std::vector<CampaignRecord> all{campaign(1), campaign(2)};
  const auto read = parse_records("fuzz.json", write_json(to_json(all)));
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(*read, all);
  EXPECT_EQ(to_json(all)["stimuli"], 30);
  EXPECT_EQ(to_json(all)["clusters"].size(), 1u);
}

TEST(CampaignRecords, AddUpEachCampaignOnce) {
  EXPECT_EQ(merged({{campaign(2), campaign(1)}, {campaign(1)}, {}}),
            (std::vector<CampaignRecord>{campaign(1), campaign(2)}));
}

TEST(CampaignRecords, WhatIsNoneIsNamedWithItsPlace) {
  const auto fault = [](std::string_view text) { return parse_records("out/fuzz.json", text).error(); };
  EXPECT_THAT(fault("{"), HasSubstr("out/fuzz.json"));
  Json broken = to_json({campaign(1)});
  broken["campaigns"][0]["series"][0][2] = "many";
  EXPECT_THAT(fault(broken.dump()), HasSubstr("/campaigns/0/series/0"));
  broken = to_json({campaign(1)});
  broken["fuzz"] = 9;
  EXPECT_THAT(fault(broken.dump()), HasSubstr("/fuzz"));
}

TEST(CampaignRecords, ALongSeriesStaysShort) {
  CampaignRecord record;
  for (int i = 1; i <= 100'000; ++i) add_point(record, {std::chrono::milliseconds(i), 0, 0, 0});
  EXPECT_LE(record.series.size(), 256u);
  EXPECT_GE(record.series.size(), 128u);
  EXPECT_TRUE(std::ranges::is_sorted(record.series, {}, &CampaignRecord::Point::after));
  EXPECT_EQ(record.series.back().after.count(), 100'000);
}

}  // namespace
}  // namespace touchstone::fuzz
