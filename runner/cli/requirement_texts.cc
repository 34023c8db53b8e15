#include "runner/cli/requirement_texts.h"

namespace touchstone::cli {

RequirementTexts requirement_texts(const Catalogue& catalogue) {
  RequirementTexts texts;
  for (const Requirement& each : catalogue.requirements()) {
    texts[each.id] = {.id = each.id,
                      .rfc = each.rfc,
                      .section = each.section,
                      .level = each.level,
                      .binds = each.binds,
                      .rule = each.rule};
  }
  return texts;
}

}  // namespace touchstone::cli
