// cause_markdown.h - a cause as Markdown, for summary.md and GitHub's summary.
#pragma once
#include "reports/report.h"

#include <string>

namespace touchstone {

// Heading, rule in words with a link to its clause, expected and seen, the shortest case and its command, and the cases
// in a fold, of which a long list names the first.
[[nodiscard]] std::string cause_in_markdown(const Report& report, const Cause& cause);

}  // namespace touchstone
