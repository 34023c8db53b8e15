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

const Finding* decisive(const Result& result) {
  const auto heaviest = std::max_element(result.findings.begin(), result.findings.end(),
                                         [](const Finding& a, const Finding& b) { return a.weight < b.weight; });
  return heaviest == result.findings.end() ? nullptr : &*heaviest;
}

std::vector<AlikeResults> alike(const AgentResults& agent) {
  std::vector<AlikeResults> groups;
  for (const Behavior behavior : {Behavior::failed, Behavior::errored, Behavior::non_strict}) {
    for (const Result* result : agent.results) {
      if (result->behavior != behavior) continue;
      const Finding* finding = decisive(*result);
      const std::string_view requirement = finding ? std::string_view(finding->requirement) : std::string_view();
      const auto same = std::find_if(groups.begin(), groups.end(), [&](const AlikeResults& group) {
        return group.behavior == behavior && group.requirement == requirement;
      });
      AlikeResults& group = same != groups.end() ? *same : groups.emplace_back(behavior, requirement);
      group.results.push_back(result);
    }
  }
  return groups;
}

std::string details(const Report& report, const Result& result) {
  std::string text = fmt::format("{}\nExpected: {}\n", result.summary, result.expectation);
  for (const Finding& finding : result.findings) {
    if (finding.weight == Finding::Weight::choice) continue;
    text += fmt::format("{} ({}): expected {}; seen {}\n", report.clause(finding.requirement), finding.requirement,
                        finding.expected, finding.seen);
    if (const RequirementText* rule = report.requirement(finding.requirement))
      text += fmt::format("  {}: {}\n", rule->level, rule->rule);
  }
  if (!result.replay.empty()) text += fmt::format("Again: {}\n", result.replay);
  return text;
}

}  // namespace touchstone
