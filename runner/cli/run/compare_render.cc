// compare_render.cc - a comparison as text, JSON and Markdown.
#include "reports/cause_json.h"
#include "reports/digest.h"
#include "reports/support/json_members.h"
#include "reports/text.h"
#include "runner/cli/run/compare.h"
#include "runner/cli/text.h"

#include <fmt/format.h>

#include <array>

namespace touchstone::cli {
namespace {

struct Section {
  Change::Kind kind;
  std::string_view title, key;
};
constexpr std::array kSections{
    Section{Change::Kind::new_failure, "New failures", "new_failures"},
    Section{Change::Kind::fixed, "Fixed", "fixed"},
    Section{Change::Kind::changed, "Other changes", "changed"},
    Section{Change::Kind::only_first, "Only in the first run", "only_first"},
    Section{Change::Kind::only_second, "Only in the second run", "only_second"},
};

std::string verdicts(const Result& result) {
  if (result.hidden) return fmt::format("{}, hidden", name(result.behavior));
  if (result.closing == Closing::ok) return std::string(name(result.behavior));
  return fmt::format("{} (closing {})", name(result.behavior), name(result.closing));
}

// The two lists of causes, and the report that quotes each.
struct CauseSection {
  std::string_view title, key;
  const std::vector<CauseChange>& causes;
  const Report& report;
};
std::array<CauseSection, 2> cause_sections(const Comparison& comparison) {
  return {{{"New causes", "new_causes", comparison.new_causes(), comparison.report_after()},
           {"Causes that are gone", "gone_causes", comparison.gone_causes(), comparison.report_before()}}};
}

std::string heading(const Comparison& comparison, const CauseChange& change) {
  return fmt::format("{}{}  {}", comparison.names_endpoints() ? fmt::format("{} ", change.endpoint) : "",
                     name(change.cause->behavior), change.cause->id);
}

std::string cause_lines(const Comparison& comparison, const CauseSection& section) {
  if (section.causes.empty()) return {};
  std::string text = fmt::format("\n{}: {}\n", section.title, section.causes.size());
  const auto labelled = [&](std::string_view label, std::string_view words) {
    if (!words.empty()) text += fmt::format("    {:<10}{}\n", label, wrap(words, 100, 14));
  };
  for (const CauseChange& change : section.causes) {
    const Cause& cause = *change.cause;
    text += fmt::format("  {}: {}\n", heading(comparison, change), reach(cause));
    labelled("rule", in_words(section.report, cause));
    labelled("expected", cause.finding.expected);
    labelled("seen", cause.finding.seen);
    labelled("clause", clause_and_weight(section.report, cause.finding));
    if (!cause.shortest->replay.empty()) text += fmt::format("    replay    {}\n", cause.shortest->replay);
  }
  return text;
}

std::string cause_rows(const Comparison& comparison, const CauseSection& section) {
  if (section.causes.empty()) return {};
  std::string text =
      fmt::format("\n## {}\n\n| cause | reach | rule | expected | seen |\n|---|---|---|---|---|\n", section.title);
  for (const CauseChange& change : section.causes) {
    const Cause& cause = *change.cause;
    text += fmt::format("| {} | {} | {} ({}) | {} | {} |\n", markdown_escape(heading(comparison, change)), reach(cause),
                        markdown_escape(in_words(section.report, cause)),
                        markdown_escape(clause_and_weight(section.report, cause.finding)),
                        markdown_escape(cause.finding.expected), markdown_escape(cause.finding.seen));
  }
  return text;
}

// "OK -> FAILED", "FAILED" for a case that one run lacks.
std::string turn(const Change& change) {
  if (change.before == nullptr) return verdicts(*change.after);
  if (change.after == nullptr) return verdicts(*change.before);
  return fmt::format("{} -> {}", verdicts(*change.before), verdicts(*change.after));
}

const Result& shown(const Change& change) { return change.after != nullptr ? *change.after : *change.before; }

// What happened is worth a line where something got worse or different, not where a case is missing.
bool told(const Change& change) { return change.after != nullptr && change.after->behavior != Behavior::ok; }

std::string endpoints(const Journal& journal) {
  std::vector<std::string> names;
  for (const RunInfo::Endpoint& endpoint : journal.run.endpoints) names.push_back(endpoint.name);
  return fmt::format("{} ({})", join_and(names), count_of(journal.results.size(), "case"));
}

std::string counts(const Comparison& comparison) {
  std::string text =
      fmt::format("New causes: {}, gone: {}. ", comparison.new_causes().size(), comparison.gone_causes().size());
  std::string cases;
  for (const Section& section : kSections) {
    std::string title(section.title);
    if (!cases.empty()) title.front() = static_cast<char>(title.front() - 'A' + 'a');
    cases += fmt::format("{}{}: {}", cases.empty() ? "" : ", ", title, comparison.of(section.kind).size());
  }
  return text + cases;
}

Json side(const Journal& journal) {
  Json names = Json::array();
  for (const RunInfo::Endpoint& endpoint : journal.run.endpoints) names.push_back(endpoint.name);
  return Json{{"agents", std::move(names)},
              {"version", journal.run.version},
              {"catalogue_hash", journal.run.catalogue_hash},
              {"profile", journal.run.profile},
              {"start", format_time(journal.run.start)},
              {"complete", journal.run.complete},
              {"results", journal.results.size()}};
}

Json verdicts_json(const Result* result) {
  if (result == nullptr) return nullptr;
  return Json{{"behavior", name(result->behavior)}, {"closing", name(result->closing)}};
}

}  // namespace

std::string compare_text(const Comparison& comparison) {
  std::string text =
      fmt::format("first   {}\nsecond  {}\n", endpoints(comparison.before()), endpoints(comparison.after()));
  for (const std::string& warning : comparison.warnings()) text += fmt::format("warning: {}\n", warning);
  for (const CauseSection& section : cause_sections(comparison)) text += cause_lines(comparison, section);
  for (const Section& section : kSections) {
    const auto changes = comparison.of(section.kind);
    if (changes.empty()) continue;
    text += fmt::format("\n{}: {}\n", section.title, changes.size());
    for (const Change* change : changes) {
      const Result& result = shown(*change);
      text += fmt::format("  {}{}  {}\n", comparison.names_endpoints() ? result.endpoint + " " : "", result.case_id,
                          turn(*change));
      if (told(*change)) text += fmt::format("    {}\n", wrap(result.summary, 100, 4));
    }
  }
  return text + fmt::format("\n{}.\n", counts(comparison));
}

std::string compare_markdown(const Comparison& comparison) {
  std::string text =
      fmt::format("# What changed\n\nFrom {} to {}. {}.\n", markdown_escape(endpoints(comparison.before())),
                  markdown_escape(endpoints(comparison.after())), counts(comparison));
  for (const std::string& warning : comparison.warnings()) text += fmt::format("\n> {}\n", markdown_escape(warning));
  for (const CauseSection& section : cause_sections(comparison)) text += cause_rows(comparison, section);
  for (const Section& section : kSections) {
    const auto changes = comparison.of(section.kind);
    if (changes.empty()) continue;
    text += fmt::format("\n## {}\n\n| case | verdict | what happened |\n|---|---|---|\n", section.title);
    for (const Change* change : changes) {
      const Result& result = shown(*change);
      const std::string id = (comparison.names_endpoints() ? result.endpoint + " " : "") + result.case_id;
      text += fmt::format("| {} | {} | {} |\n", markdown_escape(id), markdown_escape(turn(*change)),
                          told(*change) ? markdown_escape(result.summary) : "");
    }
  }
  return text;
}

std::string compare_json(const Comparison& comparison) {
  Json root = Json{{"compare", 1}};
  root["first"] = side(comparison.before());
  root["second"] = side(comparison.after());
  root["warnings"] = comparison.warnings();
  for (const CauseSection& section : cause_sections(comparison)) {
    Json& rows = root[std::string(section.key)] = Json::array();
    for (const CauseChange& change : section.causes)
      rows.push_back(to_json(section.report, change.endpoint, *change.cause));
  }
  for (const Section& section : kSections) {
    Json& rows = root[std::string(section.key)] = Json::array();
    for (const Change* change : comparison.of(section.kind)) {
      rows.push_back(Json{{"case", shown(*change).case_id},
                          {"agent", shown(*change).endpoint},
                          {"before", verdicts_json(change->before)},
                          {"after", verdicts_json(change->after)},
                          {"summary", shown(*change).summary}});
    }
  }
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace touchstone::cli
