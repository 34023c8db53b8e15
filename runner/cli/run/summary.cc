#include "runner/cli/run/summary.h"

#include "reports/digest.h"
#include "reports/support/said.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace touchstone::cli {
namespace {

constexpr std::size_t kCausesShown = 20;  // of each endpoint; the report has them all
constexpr std::size_t kCasesNamed = 8;
constexpr int kLabel = 10;                      // columns of "expected" and the like
constexpr std::size_t kLongestCommand = 8192;   // octets; one that was cut could not be run
constexpr std::size_t kLongestEvidence = 4096;  // octets

std::string case_name(const Result& result) {
  std::string name = said(result.case_id);
  if (!result.aliases.empty()) name += " (" + said(result.aliases.front()) + ")";
  if (result.flaky) name += " [flaky]";
  return name;
}

// "RFC 6455 section 5.1, MUST"
std::string clause(const Report& report, const Finding& finding) {
  const RequirementText* rule = report.requirement(finding.requirement);
  std::string why = report.why_it_weighs(finding);
  if (rule == nullptr) return why;
  return fmt::format("RFC {} section {}{}{}", rule->rfc, rule->section, why.empty() ? "" : ", ", why);
}

std::string rule(const Report& report, const Cause& cause) {
  const RequirementText* known = report.requirement(cause.finding.requirement);
  return known == nullptr ? cause.finding.requirement : fmt::format("{}: {}", known->id, known->rule);
}

class Writer {
 public:
  Writer(const Report& report, SummaryStyle style) : report_(report), style_(style) {}

  void write(const EndpointResults& endpoint) {
    if (endpoint.causes.empty()) return;
    const std::string who = report_.endpoints().size() > 1 ? said(endpoint.name) + ": " : std::string();
    out_ += fmt::format("\n{}{}.\n", who, headline(endpoint.causes));
    const std::vector<Cause>& causes = endpoint.causes.all();
    for (std::size_t i = 0; i < causes.size() && i < kCausesShown; ++i) write(causes[i]);
    if (causes.size() <= kCausesShown) return;
    out_ += fmt::format("\n{} in the report.\n",
                        count_of(causes.size() - kCausesShown, "more cause is", "more causes are"));
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void write(const Cause& cause) {
    const Result& shown = *cause.shortest;
    const char* colour = cause.behavior == Behavior::non_strict ? "33" : "31";
    out_ += fmt::format("\n{}  cause {} {}\n", paint(name(cause.behavior), fmt::format("1;{}", colour)), cause.number,
                        reach(cause));
    if (!shown.title.empty()) out_ += fmt::format("  {}\n", wrap(said(shown.title), style_.width, 2));
    labelled("case", case_name(shown));
    labelled("rule", rule(report_, cause));
    labelled("expected", cause.finding.expected);
    labelled("seen", cause.finding.seen);
    labelled("clause", clause(report_, cause.finding));
    // A command is never wrapped: it is there to be copied.
    if (!shown.replay.empty()) out_ += "    replay    " + said(shown.replay, kLongestCommand) + "\n";
    labelled("also in", names(cause.cases, &shown));
    labelled("hides", names(cause.hidden, &shown));
  }

  static std::string names(const std::vector<const Result*>& results, const Result* but) {
    const SomeCases some = some_of(results, kCasesNamed, but);
    std::vector<std::string> names;
    for (const Result* result : some.named) names.push_back(case_name(*result));
    if (some.more > 0) names.push_back(fmt::format("{} more", some.more));
    return join_and(names);
  }

  void labelled(std::string_view label, std::string_view text) {
    if (!text.empty()) out_ += fmt::format("    {:<{}}{}\n", label, kLabel, wrap(cut(text), style_.width, 14));
  }

  // Its line ends stay: an expectation has several.
  static std::string cut(std::string_view text) {
    if (text.size() > kLongestEvidence) return said(text, kLongestEvidence);
    return clean_text(text);
  }

  [[nodiscard]] std::string paint(std::string_view text, std::string_view code) const {
    return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  const Report& report_;
  SummaryStyle style_;
  std::string out_;
};

}  // namespace

std::vector<std::string> failure_lines(const Result& result, std::string_view endpoint) {
  const std::string who =
      fmt::format("{} {}{}{}", name(result.behavior), endpoint, endpoint.empty() ? "" : " ", result.case_id);
  const auto gravest = std::ranges::max_element(result.findings, {}, &Finding::weight);
  const bool says_it = gravest != result.findings.end() && gravest->weight != Finding::Weight::choice;
  if (!says_it || result.behavior == Behavior::errored) return {fmt::format("{}: {}", who, result.summary)};
  return {who, fmt::format("    {:<{}}{}", "expected", kLabel, gravest->expected),
          fmt::format("    {:<{}}{}", "seen", kLabel, gravest->seen)};
}

std::string summarize(const Report& report, SummaryStyle style) {
  Writer writer(report, style);
  for (const EndpointResults& endpoint : report.endpoints()) writer.write(endpoint);
  return writer.take();
}

}  // namespace touchstone::cli
