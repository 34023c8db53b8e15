// github.cc - for GitHub Actions: github-summary.md, to be appended to $GITHUB_STEP_SUMMARY, and
// github-annotations.txt, workflow commands to be printed by a step. Both give the digest first: GitHub shows ten
// errors of a step and 1 MiB of summary, so a cause is one entry.
#include <fmt/format.h>

#include <array>

#include "reports/cause_markdown.h"
#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/words.h"
#include "reports/text.h"

namespace touchstone {
namespace {

constexpr std::size_t kAnnotations = 10;          // of each level: more are not shown
constexpr std::size_t kLongestAnnotation = 4096;  // octets of one annotation
constexpr std::size_t kCausesTold = 40;           // of each endpoint in the summary

// --- Workflow commands ----------------------------------------------------------------------------------------

std::string command_data(std::string_view text) {
  std::string out;
  for (const char c : text.size() > kLongestAnnotation ? said(text, kLongestAnnotation) : clean_text(text)) {
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

std::string annotation(const Report& report, const EndpointResults& endpoint, const Cause& cause) {
  const bool warning = cause.behavior == Behavior::non_strict;
  std::string title = fmt::format("{}, {}", endpoint.name, name(cause.behavior));
  if (!cause.finding.requirement.empty()) title += ": " + report.clause(cause.finding.requirement);
  const std::string message =
      fmt::format("Cause {} {}: {}\n{}: {}", cause.number, reach(cause), in_words(report, cause),
                  cause.shortest->case_id, details(report, *cause.shortest));
  return command(warning ? "warning" : "error", title, message);
}

std::string annotations(const Report& report) {
  std::string out;
  std::map<bool, std::size_t> told;  // by whether it is a warning
  if (const std::string notice = partial_notice(report); !notice.empty()) {
    out += command("error", "Touchstone", notice);
    ++told[false];
  }
  for (const EndpointResults& endpoint : report.endpoints()) {
    std::string digest = counts_text(count(endpoint.results));
    if (!endpoint.causes.empty()) digest += fmt::format(". {}.", headline(endpoint.causes));
    out += command("notice", fmt::format("Touchstone, {}", endpoint.name), digest);
    for (const Cause& cause : endpoint.causes.all()) {
      if (++told[cause.behavior == Behavior::non_strict] <= kAnnotations) out += annotation(report, endpoint, cause);
    }
  }
  return out;
}

// --- The summary ----------------------------------------------------------------------------------------------

std::string endpoint_text(const Report& report, const EndpointResults& endpoint) {
  const std::vector<Cause>& causes = endpoint.causes.all();
  if (causes.empty()) return {};
  std::string out = fmt::format("\n### {}\n\n{}.\n", markdown_escape(endpoint.name), headline(endpoint.causes));
  for (std::size_t i = 0; i < causes.size() && i < kCausesTold; ++i) out += cause_in_markdown(report, causes[i]);
  if (causes.size() > kCausesTold)
    out +=
        fmt::format("\n{} in the report.\n", count_of(causes.size() - kCausesTold, "more cause is", "more causes are"));
  return out;
}

std::string summary(const Report& report) {
  Counts all;
  for (const EndpointResults& endpoint : report.endpoints())
    for (const auto& [behavior, n] : count(endpoint.results)) all[behavior] += n;
  std::string out = fmt::format("## WebSocket conformance: {}\n\n", counts_text(all));
  if (const std::string notice = partial_notice(report); !notice.empty())
    out += fmt::format("> [!WARNING]\n> {}\n\n", markdown_escape(notice));
  out += "| endpoint | result |\n|---|---|\n";
  for (const EndpointResults& endpoint : report.endpoints())
    out += fmt::format("| {} | {} |\n", markdown_escape(endpoint.name), counts_text(count(endpoint.results)));
  for (const EndpointResults& endpoint : report.endpoints()) out += endpoint_text(report, endpoint);
  return out + fmt::format("\nTouchstone {} · profile {} · {}\n", markdown_escape(report.run().version),
                           markdown_escape(report.run().profile), markdown_escape(report.run().machine));
}

}  // namespace

std::expected<void, FileError> render_github(const Report& report, const Sink& sink) {
  if (auto done = sink("github-summary.md", summary(report)); !done) return done;
  return sink("github-annotations.txt", annotations(report));
}

}  // namespace touchstone
