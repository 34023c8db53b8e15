// markdown.cc - summary.md: totals, causes and groups, for a pull request or a terminal.
#include <fmt/format.h>

#include <array>

#include "reports/cause_markdown.h"
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

std::string groups(const EndpointResults& endpoint) {
  std::vector<std::pair<std::string_view, std::vector<const Result*>>> groups;
  for (const Result* result : endpoint.results) {
    if (groups.empty() || groups.back().first != group_of(result->case_id))
      groups.emplace_back(group_of(result->case_id), std::vector<const Result*>{});
    groups.back().second.push_back(result);
  }
  std::string out = table_head("group");
  for (const auto& [group, results] : groups) out += counts_row(markdown_escape(group), count(results));
  return out;
}

std::string causes_text(const Report& report, const EndpointResults& endpoint) {
  if (endpoint.causes.empty()) return {};
  std::string out = fmt::format("\n### Causes\n\n{}.\n", headline(endpoint.causes));
  for (const Cause& cause : endpoint.causes.all()) out += cause_in_markdown(report, cause);
  return out;
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
  for (const EndpointResults& endpoint : report.endpoints())
    out += counts_row(markdown_escape(endpoint.name), count(endpoint.results));
  for (const EndpointResults& endpoint : report.endpoints()) {
    out += fmt::format("\n## {}\n{}\n### Groups\n\n{}", markdown_escape(endpoint.name), causes_text(report, endpoint),
                       groups(endpoint));
  }
  return sink("summary.md", out);
}

}  // namespace touchstone
