#include "reports/cause_markdown.h"

#include <fmt/format.h>

#include "reports/digest.h"
#include "reports/support/words.h"
#include "reports/text.h"

namespace touchstone {
namespace {

constexpr std::size_t kCasesNamed = 20;

std::string rule(const Report& report, const Cause& cause) {
  std::string text = markdown_escape(in_words(report, cause));
  const std::string where = markdown_escape(clause_and_weight(report, cause.finding));
  const RequirementText* known = report.requirement(cause.finding.requirement);
  if (known == nullptr) return where.empty() ? text : fmt::format("{} ({})", text, where);
  return fmt::format("{} ([{}](https://www.rfc-editor.org/rfc/rfc{}.html#section-{}); {})", text,
                     markdown_escape(known->id), known->rfc, known->section, where);
}

std::string shortest(const Cause& cause) {
  const Result& result = *cause.shortest;
  std::string text = fmt::format("- shortest: **{}**", markdown_escape(result.case_id));
  if (!result.aliases.empty()) text += fmt::format(" ({})", markdown_escape(result.aliases.front()));
  if (!result.title.empty()) text += ", " + markdown_escape(result.title);
  if (result.flaky) text += " *(flaky)*";
  text += "\n";
  if (!result.replay.empty()) text += fmt::format("- again: {}\n", markdown_code(result.replay));
  return text;
}

std::string fold(std::string_view title, const std::vector<const Result*>& results) {
  if (results.empty()) return {};
  std::string text = fmt::format("\n<details><summary>{}</summary>\n\n", title);
  const SomeCases some = some_of(results, kCasesNamed);
  for (std::size_t i = 0; i < some.named.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", markdown_code(some.named[i]->case_id));
  if (some.more > 0) text += fmt::format(" and {} more", some.more);
  return text + "\n\n</details>\n";
}

}  // namespace

std::string cause_in_markdown(const Report& report, const Cause& cause) {
  std::string out = fmt::format("\n#### {}: cause {} {}\n\n{}\n\n", name(cause.behavior), cause.number, reach(cause),
                                rule(report, cause));
  out += fmt::format("- expected: {}\n- seen: {}\n", markdown_escape(cause.finding.expected),
                     markdown_escape(cause.finding.seen));
  out += shortest(cause);
  if (cause.cases.size() > 1) out += fold(count_of(cause.cases.size(), "case"), cause.cases);
  return out + fold(count_of(cause.hidden.size(), "hidden case"), cause.hidden);
}

}  // namespace touchstone
