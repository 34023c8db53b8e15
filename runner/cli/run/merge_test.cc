#include "runner/cli/run/merge.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Journal journal_of(const std::string& endpoint, const std::vector<std::string>& cases, int at = 0) {
  Journal made;
  made.run.endpoints = {{endpoint, "ws://h/", ""}};
  made.run.planned = cases.size();
  made.run.complete = true;
  made.run.start = system_clock::time_point(seconds(at));
  made.run.end = system_clock::time_point(seconds(at + 10));
  for (const std::string& id : cases) {
    Result& result = made.results.emplace_back();
    result.case_id = id;
    result.endpoint = endpoint;
    result.started = made.run.start;
    result.summary = std::to_string(at);
  }
  return made;
}

TEST(Merge, PutsAgentsSideBySide) {
  const Merged merged = merge({journal_of("a", {"1", "2"}), journal_of("b", {"1"}, 5)}, {"x", "y"});
  EXPECT_THAT(merged.journal.run.endpoints, SizeIs(2));
  EXPECT_THAT(merged.journal.results, SizeIs(3));
  EXPECT_EQ(merged.journal.run.planned, 3u);
  EXPECT_TRUE(merged.journal.run.complete);
  EXPECT_EQ(merged.journal.run.end - merged.journal.run.start, seconds(15));
  EXPECT_THAT(merged.warnings, IsEmpty());
}

TEST(Merge, JoinsShardsOfOneAgent) {
  const Merged merged = merge({journal_of("a", {"1"}), journal_of("a", {"2"})}, {"x", "y"});
  EXPECT_THAT(merged.journal.run.endpoints, SizeIs(1));
  EXPECT_THAT(merged.journal.results, SizeIs(2));
}

TEST(Merge, KeepsTheLaterOfTwoResults) {
  for (const bool later_first : {false, true}) {
    std::vector<Journal> journals = {journal_of("a", {"1"}, 1), journal_of("a", {"1"}, 2)};
    if (later_first) std::swap(journals[0], journals[1]);
    const Merged merged = merge(journals, {"x", "y"});
    ASSERT_THAT(merged.journal.results, SizeIs(1));
    EXPECT_EQ(merged.journal.results[0].summary, "2");
    EXPECT_EQ(merged.journal.run.planned, 1u);
    EXPECT_THAT(merged.warnings, ElementsAre(HasSubstr("y: 1 result is there already")));
  }
}

TEST(Merge, IsPartialWhenOnePartIs) {
  Journal cut = journal_of("b", {"1"});
  cut.run.complete = false;
  cut.run.ended_because = "interrupted";
  const Merged merged = merge({journal_of("a", {"1"}), cut}, {"x", "y"});
  EXPECT_FALSE(merged.journal.run.complete);
  EXPECT_EQ(merged.journal.run.ended_because, "y: interrupted");
}

TEST(Merge, WarnsAboutDifferentCatalogues) {
  Journal other = journal_of("b", {"1"});
  other.run.catalogue_hash = "ff";
  EXPECT_THAT(merge({journal_of("a", {"1"}), other}, {"x", "y"}).warnings,
              ElementsAre(HasSubstr("y: the catalogue is ff")));
}

}  // namespace
}  // namespace touchstone::cli
