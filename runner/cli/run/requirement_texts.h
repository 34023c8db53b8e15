// requirement_texts.h - the rules of the catalogue as the reports quote them, with what the catalogue has of them.
#pragma once
#include "reports/report.h"
#include "runner/catalogue/catalogue.h"

namespace touchstone::cli {

[[nodiscard]] Texts requirement_texts(const Catalogue& catalogue);
// The same without what the catalogue has of each rule, which takes a while to find.
[[nodiscard]] Texts quoted_texts(const Catalogue& catalogue);

}  // namespace touchstone::cli
