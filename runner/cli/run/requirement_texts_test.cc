#include "runner/cli/run/requirement_texts.h"

#include <gtest/gtest.h>

#include "reports/support/resources.h"
#include "runner/catalogue/coverage.h"

namespace touchstone::cli {
namespace {

// The page of a report adds up what `touchstone coverage` counts.
TEST(RequirementTexts, TellWhatCoverageTells) {
  const Catalogue& catalogue = Catalogue::built_in();
  const Share known = share(coverage(catalogue, resource("cases/UNCOVERED.md")), 0, std::nullopt);
  Share told;
  for (const auto& [id, text] : requirement_texts(catalogue).requirements) {
    if (!text.in_question) continue;
    ++told.all;
    told.covered += text.covered ? 1 : 0;
    told.excused += text.uncovered.empty() ? 0 : 1;
    told.autobahn += text.autobahn == "tested" ? 1 : 0;
    told.autobahn_in_passing += text.autobahn == "in-passing" ? 1 : 0;
    EXPECT_TRUE(!text.covered || text.cases > 0) << id;
  }
  EXPECT_EQ(told.all, known.all);
  EXPECT_EQ(told.covered, known.covered);
  EXPECT_EQ(told.excused, known.excused);
  EXPECT_EQ(told.autobahn, known.autobahn);
  EXPECT_EQ(told.autobahn_in_passing, known.autobahn_in_passing);
}

TEST(RequirementTexts, GiveTheReasonOfWhatIsNotCoveredInOneRole) {
  const RequirementTexts texts = requirement_texts(Catalogue::built_in()).requirements;
  const RequirementText& text = texts.at("rfc9112-3-3");  // UNCOVERED.md: for a client, which reads no request line
  EXPECT_FALSE(text.covered);
  EXPECT_GT(text.cases, 0u);
  EXPECT_EQ(text.uncovered, "a client reads no request line");
}

}  // namespace
}  // namespace touchstone::cli
