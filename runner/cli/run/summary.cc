#include "runner/cli/run/summary.h"

#include "reports/digest.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace touchstone::cli {
namespace {

constexpr std::size_t kShapesShown = 5;
constexpr std::size_t kCasesNamed = 8;

FailureGroup& group_for(std::vector<FailureGroup>& groups, const Result& result, const std::string& requirement) {
  const auto fits = [&](const FailureGroup& group) {
    return group.agent == result.agent && group.behavior == result.behavior && group.requirement == requirement;
  };
  const auto found = std::find_if(groups.begin(), groups.end(), fits);
  if (found != groups.end()) return *found;
  return groups.emplace_back(
      FailureGroup{.behavior = result.behavior, .agent = result.agent, .requirement = requirement, .shapes = {}});
}

void add(FailureGroup& group, const Result& result, const std::string& expected, const std::string& seen) {
  const auto fits = [&](const auto& shape) { return shape.expected == expected && shape.seen == seen; };
  const auto found = std::find_if(group.shapes.begin(), group.shapes.end(), fits);
  if (found != group.shapes.end()) {
    found->results.push_back(&result);
  } else {
    group.shapes.push_back({.expected = expected, .seen = seen, .results = {&result}});
  }
}

int rank(Behavior behavior) {
  if (behavior == Behavior::failed) return 0;
  return behavior == Behavior::errored ? 1 : 2;
}

std::string case_name(const Result& result) {
  std::string name = result.case_id;
  if (!result.aliases.empty()) name += " (" + result.aliases.front() + ")";
  if (result.flaky) name += " [flaky]";
  return name;
}

class Writer {
 public:
  Writer(const Catalogue& catalogue, SummaryStyle style, bool name_agents)
      : catalogue_(catalogue), style_(style), name_agents_(name_agents) {}

  void write(const FailureGroup& group) {
    out_ += '\n';
    heading(group);
    for (std::size_t i = 0; i < group.shapes.size() && i < kShapesShown; ++i) write(group.shapes[i]);
    if (group.shapes.size() <= kShapesShown) return;
    std::vector<const Result*> rest;
    for (std::size_t i = kShapesShown; i < group.shapes.size(); ++i) {
      rest.insert(rest.end(), group.shapes[i].results.begin(), group.shapes[i].results.end());
    }
    also("in other ways", rest, 0);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void heading(const FailureGroup& group) {
    const char* colour = group.behavior == Behavior::non_strict ? "33" : "31";
    out_ += paint(name(group.behavior), fmt::format("1;{}", colour));
    if (name_agents_) out_ += " " + group.agent;
    if (const Requirement* rule = catalogue_.requirement(group.requirement)) {
      out_ +=
          fmt::format("  {} (RFC {} section {}, {})\n", paint(rule->id, "1"), rule->rfc, rule->section, rule->level);
      labelled("", rule->rule);
    } else {
      out_ += group.requirement.empty() ? "\n" : "  " + group.requirement + "\n";
    }
  }

  void write(const FailureGroup::Shape& shape) {
    const Result& first = *shape.results.front();
    out_ += "  " + case_name(first) + "\n";
    if (!shape.expected.empty()) labelled("expected", shape.expected);
    if (!shape.seen.empty()) labelled("seen", shape.seen);
    // A command is never wrapped: it is there to be copied.
    if (!first.replay.empty()) out_ += "    replay    " + first.replay + "\n";
    if (shape.results.size() > 1) also("alike in", shape.results, 1);
  }

  void also(std::string_view lead, const std::vector<const Result*>& results, std::size_t from) {
    std::vector<std::string> names;
    for (std::size_t i = from; i < results.size() && names.size() < kCasesNamed; ++i) {
      names.push_back(case_name(*results[i]));
    }
    const std::size_t unnamed = results.size() - from - names.size();
    if (unnamed > 0) names.push_back(fmt::format("{} more", unnamed));
    labelled("also", fmt::format("{} {}", lead, join_and(names)));
  }

  void labelled(std::string_view label, std::string_view text) {
    out_ += fmt::format("    {:<10}{}\n", label, wrap(text, style_.width, 14));
  }

  [[nodiscard]] std::string paint(std::string_view text, std::string_view code) const {
    return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  const Catalogue& catalogue_;
  SummaryStyle style_;
  bool name_agents_;
  std::string out_;
};

}  // namespace

std::vector<FailureGroup> group_failures(const std::vector<Result>& results) {
  std::vector<FailureGroup> groups;
  for (const Result& result : results) {
    const bool told = result.behavior == Behavior::failed || result.behavior == Behavior::errored ||
                      result.behavior == Behavior::non_strict;
    if (!told) continue;
    const Finding* finding = decisive(result);
    const bool errored = result.behavior == Behavior::errored;
    const std::string requirement = finding != nullptr ? finding->requirement : std::string();
    add(group_for(groups, result, requirement), result, finding != nullptr ? finding->expected : result.expectation,
        finding != nullptr && !errored ? finding->seen : result.summary);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const FailureGroup& a, const FailureGroup& b) { return rank(a.behavior) < rank(b.behavior); });
  return groups;
}

std::string summarize(const std::vector<Result>& results, const Catalogue& catalogue, SummaryStyle style) {
  const bool several = std::any_of(results.begin(), results.end(),
                                   [&](const Result& result) { return result.agent != results.front().agent; });
  Writer writer(catalogue, style, several);
  for (const FailureGroup& group : group_failures(results)) writer.write(group);
  return writer.take();
}

}  // namespace touchstone::cli
