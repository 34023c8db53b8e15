// markdown.cc - summary.md: totals and what deserves attention, for a pull request or a terminal.
#include <fmt/format.h>

#include <array>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/result/result_json.h"
#include "reports/text.h"

namespace touchstone {
namespace {

constexpr std::array kColumns{
    Behavior::ok,     Behavior::non_strict, Behavior::informational, Behavior::unimplemented, Behavior::not_applicable,
    Behavior::failed, Behavior::errored};

std::string counts_row(std::string_view label, const Counts& counts) {
  std::string row = fmt::format("| {} |", label);
  for (const Behavior behavior : kColumns) {
    const auto found = counts.find(behavior);
    row += fmt::format(" {} |", found == counts.end() ? 0 : found->second);
  }
  return row + "\n";
}

std::string table_head(std::string_view first) {
  std::string head = fmt::format("| {} |", first), line = "|---|";
  for (const Behavior behavior : kColumns) {
    head += fmt::format(" {} |", name(behavior));
    line += "---:|";
  }
  return head + "\n" + line + "\n";
}

std::string groups(const AgentResults& agent) {
  std::vector<std::pair<std::string_view, std::vector<const Result*>>> groups;
  for (const Result* result : agent.results) {
    if (groups.empty() || groups.back().first != group_of(result->case_id))
      groups.emplace_back(group_of(result->case_id), std::vector<const Result*>{});
    groups.back().second.push_back(result);
  }
  std::string out = table_head("group");
  for (const auto& [group, results] : groups) out += counts_row(markdown_escape(group), count(results));
  return out;
}

std::string attention(const Report& report, const AgentResults& agent, Behavior behavior) {
  std::string out;
  for (const Result* result : agent.results) {
    if (result->behavior != behavior) continue;
    out +=
        fmt::format("- **{}**{}: {}{}\n", markdown_escape(result->case_id),
                    result->aliases.empty() ? "" : " (" + markdown_escape(fmt::format("{}", result->aliases[0])) + ")",
                    markdown_escape(result->summary), result->flaky ? " *(flaky)*" : "");
    for (const Finding& finding : result->findings) {
      if (finding.weight == Finding::Weight::choice) continue;
      const RequirementText* rule = report.requirement(finding.requirement);
      out += fmt::format("  - {}: {} Expected {}; seen {}.\n", markdown_escape(report.clause(finding.requirement)),
                         rule ? markdown_escape(rule->rule) : "", markdown_escape(finding.expected),
                         markdown_escape(finding.seen));
    }
    if (!result->replay.empty()) out += fmt::format("  - again: {}\n", markdown_code(result->replay));
  }
  return out.empty() ? out : fmt::format("\n#### {}\n\n{}", name(behavior), out);
}

std::string facts(const Report& report) {
  const RunInfo& run = report.run();
  return fmt::format("Touchstone {} · catalogue {} · profile {} · seed {} · {} jobs · {} · {} to {}\n",
                     markdown_escape(run.version), markdown_escape(run.catalogue_hash.substr(0, 12)),
                     markdown_escape(run.profile), run.seed, run.jobs, markdown_escape(run.machine),
                     format_time(run.start).substr(0, 19) + "Z", format_time(run.end).substr(0, 19) + "Z");
}

}  // namespace

std::expected<void, FileError> render_markdown(const Report& report, const Sink& sink) {
  std::string out = "# WebSocket conformance\n\n" + facts(report);
  if (const std::string notice = partial_notice(report); !notice.empty())
    out += fmt::format("\n> **{}**\n", markdown_escape(notice));
  out += fmt::format("\n{}", table_head("endpoint"));
  for (const AgentResults& agent : report.agents())
    out += counts_row(markdown_escape(agent.name), count(agent.results));
  for (const AgentResults& agent : report.agents()) {
    out += fmt::format("\n## {}\n\n{}", markdown_escape(agent.name), groups(agent));
    for (const Behavior behavior : {Behavior::failed, Behavior::errored, Behavior::non_strict})
      out += attention(report, agent, behavior);
  }
  return sink("summary.md", out);
}

}  // namespace touchstone
