// compare_render.cc - a comparison as text, JSON and Markdown.
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
  if (result.closing == Closing::ok) return std::string(name(result.behavior));
  return fmt::format("{} (closing {})", name(result.behavior), name(result.closing));
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

std::string agents(const Journal& journal) {
  std::vector<std::string> names;
  for (const RunInfo::Agent& agent : journal.run.agents) names.push_back(agent.name);
  return fmt::format("{} ({})", join_and(names), count_of(journal.results.size(), "case"));
}

std::string counts(const Comparison& comparison) {
  std::string text;
  for (const Section& section : kSections) {
    std::string title(section.title);
    if (!text.empty()) title.front() = static_cast<char>(title.front() - 'A' + 'a');
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", title, comparison.of(section.kind).size());
  }
  return text;
}

Json side(const Journal& journal) {
  Json names = Json::array();
  for (const RunInfo::Agent& agent : journal.run.agents) names.push_back(agent.name);
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
  std::string text = fmt::format("first   {}\nsecond  {}\n", agents(comparison.before()), agents(comparison.after()));
  for (const std::string& warning : comparison.warnings()) text += fmt::format("warning: {}\n", warning);
  for (const Section& section : kSections) {
    const auto changes = comparison.of(section.kind);
    if (changes.empty()) continue;
    text += fmt::format("\n{}: {}\n", section.title, changes.size());
    for (const Change* change : changes) {
      const Result& result = shown(*change);
      text += fmt::format("  {}{}  {}\n", comparison.names_agents() ? result.agent + " " : "", result.case_id,
                          turn(*change));
      if (told(*change)) text += fmt::format("    {}\n", wrap(result.summary, 100, 4));
    }
  }
  return text + fmt::format("\n{}.\n", counts(comparison));
}

std::string compare_markdown(const Comparison& comparison) {
  std::string text = fmt::format("# What changed\n\nFrom {} to {}. {}.\n", markdown_escape(agents(comparison.before())),
                                 markdown_escape(agents(comparison.after())), counts(comparison));
  for (const std::string& warning : comparison.warnings()) text += fmt::format("\n> {}\n", markdown_escape(warning));
  for (const Section& section : kSections) {
    const auto changes = comparison.of(section.kind);
    if (changes.empty()) continue;
    text += fmt::format("\n## {}\n\n| case | verdict | what happened |\n|---|---|---|\n", section.title);
    for (const Change* change : changes) {
      const Result& result = shown(*change);
      const std::string id = (comparison.names_agents() ? result.agent + " " : "") + result.case_id;
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
  for (const Section& section : kSections) {
    Json& rows = root[std::string(section.key)] = Json::array();
    for (const Change* change : comparison.of(section.kind)) {
      rows.push_back(Json{{"case", shown(*change).case_id},
                          {"agent", shown(*change).agent},
                          {"before", verdicts_json(change->before)},
                          {"after", verdicts_json(change->after)},
                          {"summary", shown(*change).summary}});
    }
  }
  return root.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace touchstone::cli
