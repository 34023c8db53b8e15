#include "runner/cli/run/requirement_texts.h"

#include "reports/support/resources.h"
#include "runner/catalogue/coverage.h"

#include <set>

namespace touchstone::cli {
namespace {

// What the catalogue has of those in question.
void add_coverage(RequirementTexts& texts, const Catalogue& catalogue) {
  const Coverage found = coverage(catalogue, resource("cases/UNCOVERED.md"));
  std::map<std::string_view, std::set<const Case*>> citing;
  for (const Covered& row : found.all) {
    RequirementText& text = texts.at(row.requirement->id);
    // The first row of a requirement decides, and the other role's can only take it back.
    text.covered = !row.cases.empty() && (!text.in_question || text.covered);
    text.in_question = true;
    if (row.excuse != nullptr) text.uncovered = row.excuse->reason;
    auto& cases = citing[row.requirement->id];
    cases.insert(row.cases.begin(), row.cases.end());
    text.cases = cases.size();
  }
}

}  // namespace

RequirementTexts requirement_texts(const Catalogue& catalogue) {
  RequirementTexts texts;
  for (const Requirement& each : catalogue.requirements()) {
    texts[each.id] = {.id = each.id,
                      .rfc = each.rfc,
                      .section = each.section,
                      .level = each.level,
                      .binds = each.binds,
                      .rule = each.rule,
                      .autobahn = each.autobahn};
  }
  add_coverage(texts, catalogue);
  return texts;
}

}  // namespace touchstone::cli
