#include "runner/cli/run/requirement_texts.h"

#include "reports/support/resources.h"
#include "runner/catalogue/coverage.h"

#include <set>

namespace touchstone::cli {
namespace {

// What the catalogue has of those in question, for an endpoint.
void add_coverage(RequirementTexts& texts, const Catalogue& catalogue) {
  const Coverage found = coverage(catalogue, resource("cases/UNCOVERED.md"));
  std::map<std::string_view, std::set<const Case*>> citing;
  for (const Covered& row : found.all) {
    if (row.side == Side::intermediary) continue;
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

// The reasons of a row; its title for a finding that it says nothing of.
void add_reasons(ChoiceTexts& texts, const Choice& choice) {
  texts[choice.id] = choice.title;
  for (const Decision& row : choice.decides) texts[choice_key(choice.id, row.kind, row.requirement)] = row.reason;
}

}  // namespace

Texts quoted_texts(const Catalogue& catalogue) {
  Texts texts;
  for (const Requirement& each : catalogue.requirements()) {
    texts.requirements[each.id] = {.id = each.id,
                                   .rfc = each.rfc,
                                   .section = each.section,
                                   .level = each.level,
                                   .binds = each.binds,
                                   .rule = each.rule,
                                   .autobahn = each.autobahn};
  }
  for (const Choice& choice : catalogue.choices()) add_reasons(texts.choices, choice);
  return texts;
}

Texts requirement_texts(const Catalogue& catalogue) {
  Texts texts = quoted_texts(catalogue);
  add_coverage(texts.requirements, catalogue);
  return texts;
}

}  // namespace touchstone::cli
