// No finding weighs something else than the level of its requirement without a row of cases/choices.json that says why.
#include "runner/engine/verdict/weigh.h"

#include "reports/support/resources.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/scene.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <gtest/gtest.h>
#include <ws/rules/answer.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

namespace touchstone {
namespace {

using ws::rules::FindingRow;

// By RFC 2119.
ws::rules::Weight of_level(std::string_view level) {
  if (level.starts_with("MUST")) return ws::rules::Weight::must;
  return level == "MAY" ? ws::rules::Weight::free : ws::rules::Weight::should;
}

std::string_view word(ws::rules::Weight weight) {
  return weight == ws::rules::Weight::must ? "violation" : weight == ws::rules::Weight::should ? "weak" : "choice";
}

std::vector<std::string> requirements_of(const FindingRow& row) {
  std::vector<std::string> ids;
  for (const std::string_view id : {row.requirement, row.of_client})
    if (!id.empty()) ids.emplace_back(id);
  return ids;
}

TEST(Weigh, EveryRowCitesRequirementsAndChoices) {
  const Catalogue& catalogue = Catalogue::built_in();
  for (const FindingRow& row : ws::rules::finding_rows()) {
    for (const auto& id : requirements_of(row)) EXPECT_NE(catalogue.requirement(id), nullptr) << row.name << ": " << id;
    EXPECT_TRUE(row.choice.empty() || catalogue.choice(row.choice) != nullptr) << row.name << ": " << row.choice;
  }
}

// Where nothing is broken the level says nothing; everything else is weighed by it or has its reason.
TEST(Weigh, OnlyARowOfChoicesSetsALevelAside) {
  const Catalogue& catalogue = Catalogue::built_in();
  for (const FindingRow& row : ws::rules::finding_rows()) {
    if (row.weight == ws::rules::Weight::free) continue;
    for (const auto& id : requirements_of(row)) {
      const auto ruling = catalogue.ruling(row.name, id);
      const bool by_level = of_level(catalogue.requirement(id)->level) == row.weight;
      EXPECT_NE(by_level, ruling.has_value()) << row.name << ": " << id << " is " << catalogue.requirement(id)->level;
      if (!ruling) continue;
      EXPECT_EQ(ruling->choice->id, row.choice) << row.name;
      EXPECT_EQ(ruling->decision->weight, word(row.weight)) << row.name;
    }
  }
}

TEST(Weigh, EveryDecisionIsAboutAFindingAndHasAReason) {
  const Catalogue& catalogue = Catalogue::built_in();
  std::set<std::pair<std::string, std::string>> seen;
  for (const Choice& choice : catalogue.choices()) {
    for (const Decision& decision : choice.decides) {
      EXPECT_TRUE(seen.insert({decision.kind, decision.requirement}).second) << choice.id << ": " << decision.kind;
      const auto of_answers = [&](ws::rules::AnswerFault::Kind kind) { return ws::rules::name(kind) == decision.kind; };
      const bool of_orders = decision.kind.starts_with("told-");  // runner/orders
      const bool of_http2 = decision.kind.starts_with("http2-");  // judge_http2
      EXPECT_TRUE(ws::rules::finding_kind(decision.kind) || of_orders || of_http2 ||
                  std::ranges::any_of(ws::rules::answer_fault_kinds(), of_answers))
          << choice.id << ": " << decision.kind;
      const Requirement* rule = catalogue.requirement(decision.requirement);
      ASSERT_NE(rule, nullptr) << choice.id << ": " << decision.requirement;
      EXPECT_NE(word(of_level(rule->level)), decision.weight) << choice.id << ": the level says so already";
      EXPECT_TRUE(decision.reason.ends_with('.')) << choice.id;
    }
  }
}

TEST(Weigh, MustFailsAndShouldIsNonStrict) {
  EXPECT_EQ(weigh(FindingKind::pong_missing, "rfc6455-5.5.2-2").weight, Finding::Weight::violation);
  EXPECT_EQ(weigh(FindingKind::failed_without_close, "rfc6455-7.1.7-5").weight, Finding::Weight::weak);
  const Weighed by_choice = weigh(FindingKind::close_answer_lost, "rfc6455-5.5.1-10");
  EXPECT_EQ(by_choice.weight, Finding::Weight::weak);
  EXPECT_EQ(by_choice.choice, "C-22");
  EXPECT_EQ(weigh(FindingKind::closed_unasked, "rfc6455-7.3-2").weight, Finding::Weight::choice);
}

// --- What the cases ask of a fault that they plant, and of an opening handshake -----------------------------------

const Requirement* own_requirement(const Case& c, Side side) {
  Observation o;
  if (side == Side::client) o.request.emplace();
  return Catalogue::built_in().requirement(Scene{c, o}.own_requirement());
}

std::string_view word(ExpectOpening::Level level) {
  return level == ExpectOpening::Level::must ? "violation" : level == ExpectOpening::Level::should ? "weak" : "choice";
}

TEST(Weigh, CasesAskOfAnOpeningWhatTheLevelSays) {
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.expect || !c.expect->opening || !c.informational.empty()) continue;
    const ExpectOpening& opening = *c.expect->opening;
    if (opening.level == ExpectOpening::Level::may) continue;
    for (const Side side : c.sides) {
      const Requirement* rule = own_requirement(c, side);
      const bool refuse = opening.outcome == ExpectOpening::Outcome::refuse;
      const bool judged = opening.outcome == ExpectOpening::Outcome::judge;
      const FindingKind kind = side == Side::server
                                   ? (refuse ? FindingKind::opening_accepted : FindingKind::opening_refused)
                                   : (refuse || judged ? FindingKind::answer_accepted : FindingKind::answer_refused);
      const auto ruling = Catalogue::built_in().ruling(ws::rules::name(kind), rule->id);
      const bool by_level = word(of_level(rule->level)) == word(opening.level);
      EXPECT_TRUE(by_level || (ruling && ruling->decision->weight == word(opening.level)))
          << c.id << ": " << word(opening.level) << ' ' << ws::rules::name(kind) << ' ' << rule->id << ' '
          << rule->level;
    }
  }
}

// What a case plants and an endpoint overlooks is FAILED, so its requirement is a MUST.
TEST(Weigh, PlantedFaultsBreakAMust) {
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.informational.empty() || c.two_sided) continue;
    for (const Side side : c.sides) {
      const Case whole = with_expectation(c, 1, side);
      if (!std::holds_alternative<end::Fails>(whole.expect->end)) continue;
      const Requirement* rule = own_requirement(c, side);
      ASSERT_NE(rule, nullptr) << c.id;
      EXPECT_EQ(word(of_level(rule->level)), "violation") << c.id << ": " << rule->id << " " << rule->level;
    }
  }
}

// --- The table of differences from Autobahn
// ---------------------------------------------------------------------------

std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto bar = line.find(" | ");
    out.emplace_back(line.substr(0, bar));
    line.remove_prefix(bar == std::string_view::npos ? line.size() : bar + 3);
  }
  return out;
}

// What cases/README.md says of a choice is what choices.json says: NON-STRICT where it has something weak.
TEST(Weigh, TheTableOfDifferencesAgreesWithTheChoices) {
  const std::string readme(resource("cases/README.md"));
  const std::regex id("C-[0-9]{2}");
  std::istringstream lines(readme);
  std::size_t cited = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto row = cells(line);
    if (row.size() != 4 || !line.starts_with("| ")) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), id), end; it != end; ++it, ++cited) {
      const Choice* choice = Catalogue::built_in().choice(it->str());
      ASSERT_NE(choice, nullptr) << line;
      EXPECT_TRUE(!row[2].contains("NON-STRICT") || !choice->weak.empty() || !choice->decides.empty()) << line;
    }
  }
  EXPECT_GE(cited, 8u);
}

}  // namespace
}  // namespace touchstone
