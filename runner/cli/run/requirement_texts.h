// requirement_texts.h - the rules of the catalogue as the reports quote them, with what the catalogue has of them.
#pragma once
#include "reports/report.h"
#include "runner/catalogue/catalogue.h"

namespace touchstone::cli {

[[nodiscard]] RequirementTexts requirement_texts(const Catalogue& catalogue);

}  // namespace touchstone::cli
