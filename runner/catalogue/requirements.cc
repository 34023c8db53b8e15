// cases/requirements.json, choices.json and bugs.json: the rules that cases cite, what the rules leave open, and the
// known bugs that cases show.
#include "runner/catalogue/cursor.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

std::string one_of(const Cursor& c, std::initializer_list<std::string_view> allowed) {
  auto text = c.text().value_or("");
  if (std::ranges::find(allowed, text) == allowed.end()) c.wrong(fmt::format("one of {}", fmt::join(allowed, ", ")));
  return text;
}

Requirement read_requirement(const Cursor& c) {
  Requirement r;
  if (!c.object({"id", "rfc", "section", "level", "binds", "rule", "visible"},
                {"implied", "choice", "errata", "autobahn"}))
    return r;
  if (c.has("id")) r.id = c.at("id").text().value_or("");
  if (c.has("rfc")) r.rfc = static_cast<int>(c.at("rfc").number(1, 99999).value_or(0));
  if (c.has("section")) r.section = c.at("section").text().value_or("");
  if (c.has("level")) {
    r.level = one_of(c.at("level"), {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "MAY"});
  }
  if (c.has("binds")) r.binds = one_of(c.at("binds"), {"client", "server", "both", "intermediary"});
  if (c.has("rule")) r.rule = c.at("rule").text().value_or("");
  if (c.has("visible")) r.visible = one_of(c.at("visible"), {"wire", "wire-negative", "api", "not-observable"});
  if (c.has("implied")) r.implied = c.at("implied").boolean().value_or(false);
  if (c.has("choice")) r.choice = c.at("choice").text().value_or("");
  if (c.has("errata")) r.errata = c.at("errata").texts();
  if (c.has("autobahn")) r.autobahn = one_of(c.at("autobahn"), {"tested", "in-passing"});
  return r;
}

Decision read_decision(const Cursor& c) {
  Decision decision;
  if (!c.object({"kind", "requirement", "weight", "reason"}, {})) return decision;
  if (c.has("kind")) decision.kind = c.at("kind").text().value_or("");
  if (c.has("requirement")) decision.requirement = c.at("requirement").text().value_or("");
  if (c.has("weight")) decision.weight = one_of(c.at("weight"), {"choice", "weak", "violation"});
  if (c.has("reason")) decision.reason = c.at("reason").text().value_or("");
  return decision;
}

Choice read_choice(const Cursor& c) {
  Choice choice;
  if (!c.object({"id", "title", "conformant", "weak", "violation", "requirements"}, {"decides"})) return choice;
  if (c.has("id")) choice.id = c.at("id").text().value_or("");
  if (c.has("title")) choice.title = c.at("title").text().value_or("");
  if (c.has("conformant")) choice.conformant = c.at("conformant").texts();
  if (c.has("weak")) choice.weak = c.at("weak").texts();
  if (c.has("violation")) choice.violation = c.at("violation").texts();
  if (c.has("decides")) c.at("decides").each([&](const Cursor& row) { choice.decides.push_back(read_decision(row)); });
  if (c.has("requirements")) choice.requirements = c.at("requirements").texts();
  return choice;
}

BugClass read_bug_class(const Cursor& c) {
  BugClass kind;
  if (!c.object({"id", "title", "about", "effect"}, {})) return kind;
  if (c.has("id")) kind.id = c.at("id").text().value_or("");
  if (c.has("title")) kind.title = c.at("title").text().value_or("");
  if (c.has("about")) kind.about = c.at("about").text().value_or("");
  if (c.has("effect")) kind.effect = c.at("effect").text().value_or("");
  return kind;
}

Bug read_bug(const Cursor& c) {
  Bug bug;
  if (!c.object({"id", "project", "class", "trigger", "effect", "link"}, {"names", "unseen"})) return bug;
  const auto text = [&](std::string_view key) { return c.has(key) ? c.at(key).text().value_or("") : std::string(); };
  bug.id = text("id");
  bug.names = text("names");
  bug.project = text("project");
  bug.kind = text("class");
  bug.trigger = text("trigger");
  bug.effect = text("effect");
  bug.link = text("link");
  bug.unseen = text("unseen");
  return bug;
}

template <typename T>
std::expected<std::vector<T>, std::vector<CaseFileError>> load_list(std::string_view name, std::string_view text,
                                                                    T (*read)(const Cursor&)) {
  std::vector<CaseFileError> unreadable;
  const auto document = parse_strict(name, text, unreadable);
  if (!document) return std::unexpected(std::move(unreadable));
  Faults faults(name);
  for (auto& fault : unreadable) faults.add(std::move(fault));
  std::vector<T> all;
  std::set<std::string> ids;
  Cursor(*document, faults).each([&](const Cursor& c) {
    all.push_back(read(c));
    if (!ids.insert(all.back().id).second) c.fault(fmt::format("'{}' twice", all.back().id), "each id once");
  });
  if (!faults.empty()) return std::unexpected(faults.take());
  return all;
}

}  // namespace

std::expected<std::vector<Requirement>, std::vector<CaseFileError>> load_requirements(std::string_view name,
                                                                                      std::string_view text) {
  return load_list<Requirement>(name, text, read_requirement);
}

std::expected<BugTable, std::vector<CaseFileError>> load_bugs(std::string_view name, std::string_view text) {
  std::vector<CaseFileError> unreadable;
  const auto document = parse_strict(name, text, unreadable);
  if (!document) return std::unexpected(std::move(unreadable));
  Faults faults(name);
  for (auto& fault : unreadable) faults.add(std::move(fault));
  BugTable table;
  std::set<std::string> kinds, ids;
  const Cursor file(*document, faults);
  if (file.object({"classes", "bugs"}, {}) && file.has("classes") && file.has("bugs")) {
    file.at("classes").each([&](const Cursor& c) {
      table.classes.push_back(read_bug_class(c));
      kinds.insert(table.classes.back().id);
    });
    file.at("bugs").each([&](const Cursor& c) {
      table.bugs.push_back(read_bug(c));
      const Bug& bug = table.bugs.back();
      if (!ids.insert(bug.id).second) c.fault(fmt::format("'{}' twice", bug.id), "each id once");
      if (!kinds.contains(bug.kind)) c.fault(fmt::format("the class '{}'", bug.kind), "a class of this file");
    });
  }
  if (!faults.empty()) return std::unexpected(faults.take());
  return table;
}

std::expected<std::vector<Choice>, std::vector<CaseFileError>> load_choices(std::string_view name,
                                                                            std::string_view text) {
  return load_list<Choice>(name, text, read_choice);
}

}  // namespace touchstone
