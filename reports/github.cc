// github.cc - for GitHub Actions: github-summary.md, to be appended to $GITHUB_STEP_SUMMARY, and
// github-annotations.txt, workflow commands to be printed by a step. Both give the digest first: GitHub shows ten
// errors of a step and 1 MiB of summary, so failures that are alike are one entry.
#include <fmt/format.h>

#include <array>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/text.h"

namespace touchstone {
namespace {

constexpr std::size_t kAnnotations = 10;  // of each level: more are not shown
constexpr std::size_t kGroupsTold = 40;   // of each endpoint in the summary
constexpr std::size_t kCasesNamed = 20;   // of each group in the summary

// --- Workflow commands ----------------------------------------------------------------------------------------

std::string command_data(std::string_view text) {
  std::string out;
  for (const char c : clean_text(text)) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      out += c;
    }
  }
  return out;
}

std::string command_property(std::string_view text) {
  std::string out;
  for (const char c : command_data(text)) {
    if (c == ':') {
      out += "%3A";
    } else if (c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::string command(std::string_view level, std::string_view title, std::string_view message) {
  return fmt::format("::{} title={}::{}\n", level, command_property(title), command_data(message));
}

std::string heading(const Report& report, const AlikeResults& group) {
  if (group.requirement.empty()) return std::string(name(group.behavior));
  return fmt::format("{}: {}", name(group.behavior), report.clause(group.requirement));
}

std::string annotation(const Report& report, const AgentResults& agent, const AlikeResults& group) {
  const Result& first = *group.results.front();
  std::string message = fmt::format("{}: {}", first.case_id, details(report, first));
  if (group.results.size() > 1) message += fmt::format("Alike: {} more", group.results.size() - 1);
  const bool warning = group.behavior == Behavior::non_strict;
  return command(warning ? "warning" : "error", fmt::format("{}, {}", agent.name, heading(report, group)), message);
}

std::string annotations(const Report& report) {
  std::string out;
  std::map<bool, std::size_t> told;  // by whether it is a warning
  if (const std::string notice = partial_notice(report); !notice.empty()) {
    out += command("error", "Touchstone", notice);
    ++told[false];
  }
  for (const AgentResults& agent : report.agents()) {
    out += command("notice", fmt::format("Touchstone, {}", agent.name), counts_text(count(agent.results)));
    for (const AlikeResults& group : alike(agent)) {
      if (++told[group.behavior == Behavior::non_strict] <= kAnnotations) out += annotation(report, agent, group);
    }
  }
  return out;
}

// --- The summary ----------------------------------------------------------------------------------------------

std::string group_text(const Report& report, const AlikeResults& group) {
  std::string out = fmt::format("\n<details><summary><b>{}</b> × {}</summary>\n\n",
                                markdown_escape(heading(report, group)), group.results.size());
  if (const RequirementText* rule = report.requirement(group.requirement))
    out += fmt::format("{} ([{}](https://www.rfc-editor.org/rfc/rfc{}.html#section-{}), {})\n\n",
                       markdown_escape(rule->rule), markdown_escape(rule->id), rule->rfc, rule->section, rule->level);
  const Result& first = *group.results.front();
  out += fmt::format("{}\n", markdown_escape(first.summary));
  if (const Finding* finding = decisive(first))
    out +=
        fmt::format("- expected: {}\n- seen: {}\n", markdown_escape(finding->expected), markdown_escape(finding->seen));
  if (!first.replay.empty()) out += fmt::format("- again: {}\n", markdown_code(first.replay));
  out += "\nCases: ";
  for (std::size_t i = 0; i < group.results.size() && i < kCasesNamed; ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", markdown_code(group.results[i]->case_id));
  if (group.results.size() > kCasesNamed) out += fmt::format(" and {} more", group.results.size() - kCasesNamed);
  return out + "\n\n</details>\n";
}

std::string agent_text(const Report& report, const AgentResults& agent) {
  const auto groups = alike(agent);
  if (groups.empty()) return {};
  std::string out = fmt::format("\n### {}\n", markdown_escape(agent.name));
  for (std::size_t i = 0; i < groups.size() && i < kGroupsTold; ++i) out += group_text(report, groups[i]);
  if (groups.size() > kGroupsTold)
    out += fmt::format("\n{} more kinds of failure are in the report.\n", groups.size() - kGroupsTold);
  return out;
}

std::string summary(const Report& report) {
  Counts all;
  for (const AgentResults& agent : report.agents())
    for (const auto& [behavior, n] : count(agent.results)) all[behavior] += n;
  std::string out = fmt::format("## WebSocket conformance: {}\n\n", counts_text(all));
  if (const std::string notice = partial_notice(report); !notice.empty())
    out += fmt::format("> [!WARNING]\n> {}\n\n", markdown_escape(notice));
  out += "| endpoint | result |\n|---|---|\n";
  for (const AgentResults& agent : report.agents())
    out += fmt::format("| {} | {} |\n", markdown_escape(agent.name), counts_text(count(agent.results)));
  for (const AgentResults& agent : report.agents()) out += agent_text(report, agent);
  return out + fmt::format("\nTouchstone {} · profile {} · {}\n", markdown_escape(report.run().version),
                           markdown_escape(report.run().profile), markdown_escape(report.run().machine));
}

}  // namespace

std::expected<void, FileError> render_github(const Report& report, const Sink& sink) {
  if (auto done = sink("github-summary.md", summary(report)); !done) return done;
  return sink("github-annotations.txt", annotations(report));
}

}  // namespace touchstone
