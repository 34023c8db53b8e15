// digest.cc - what the reports for continuous integration share.
#include "reports/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

constexpr std::array kWorstFirst{
    Behavior::failed,        Behavior::errored,        Behavior::non_strict, Behavior::informational,
    Behavior::unimplemented, Behavior::not_applicable, Behavior::ok};

}  // namespace

bool is_bad(const Result& result) noexcept {
  return result.behavior == Behavior::failed || result.behavior == Behavior::errored;
}

bool fails_run(const Result& result) noexcept { return is_bad(result) || result.hidden; }

bool is_skipped(const Result& result) noexcept {
  return result.behavior == Behavior::unimplemented || result.behavior == Behavior::not_applicable;
}

Counts count(const std::vector<const Result*>& results) {
  Counts counts;
  for (const Result* result : results) ++counts[result->behavior];
  return counts;
}

std::string counts_text(const Counts& counts) {
  std::string text;
  for (const Behavior behavior : kWorstFirst) {
    const auto found = counts.find(behavior);
    if (found == counts.end()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", found->second, name(behavior));
  }
  return text.empty() ? "no results" : text;
}

std::string in_words(const Report& report, const Cause& cause) {
  if (const RequirementText* rule = report.requirement(cause.finding.requirement)) return rule->rule;
  if (!cause.finding.requirement.empty()) return cause.finding.requirement;
  return cause.behavior == Behavior::errored ? "The case could not be run."
                                             : "The endpoint did what the case does not allow.";
}

std::string clause_and_weight(const Report& report, const Finding& finding) {
  if (finding.requirement.empty()) return {};
  const std::string why = report.why_it_weighs(finding);
  return report.clause(finding.requirement) + (why.empty() ? "" : ", " + why);
}

std::string cause_text(const Report& report, const Result& result) {
  const Cause* cause = report.cause_of(result);
  if (cause == nullptr) return {};
  if (result.hidden) return fmt::format("hidden by cause {}", cause->number);
  return fmt::format("cause {} {}", cause->number, reach(*cause));
}

std::string summary_text(const Report& report, const Result& result) {
  if (!result.hidden) return result.summary;
  const std::string cause = cause_text(report, result);
  return cause.empty() ? "hidden: " + result.summary : cause + ": " + result.summary;
}

std::string details(const Report& report, const Result& result) {
  std::string text = fmt::format("{}\nExpectation: {}\n", result.summary, result.expectation);
  if (const std::string cause = cause_text(report, result); !cause.empty())
    text += fmt::format("Cause: {} ({})\n", cause, report.cause_of(result)->id);
  for (const Finding& finding : result.findings) {
    if (finding.weight == Finding::Weight::choice) continue;
    text += fmt::format("{}: {}\n", finding.requirement, clause_and_weight(report, finding));
    if (const RequirementText* rule = report.requirement(finding.requirement))
      text += fmt::format("  rule: {}\n", rule->rule);
    text += fmt::format("  expected: {}\n  seen: {}\n", finding.expected, finding.seen);
  }
  if (!result.replay.empty()) text += fmt::format("Again: {}\n", result.replay);
  return text;
}

}  // namespace touchstone
