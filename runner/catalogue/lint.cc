#include "runner/catalogue/lint.h"

#include "reports/support/resources.h"
#include "runner/catalogue/cursor.h"
#include "runner/catalogue/format.h"
#include "runner/catalogue/title_check.h"
#include "runner/catalogue/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace touchstone {
namespace {

std::string pointer_of(const Case& c, std::string_view member) {
  return c.source.substr(c.source.find('#') + 1) + std::string(member);
}

void check_format(std::string_view name, std::string_view text, Faults& faults) {
  const auto wanted = formatted(name, text);
  if (!wanted || *wanted == text) return;
  const auto difference = std::ranges::mismatch(text, *wanted).in1 - text.begin();
  const auto line = std::ranges::count(text.substr(0, static_cast<std::size_t>(difference)), '\n') + 1;
  faults.add_style("", fmt::format("line {} not in canonical form", line), "what touchstone lint --fix writes");
}

// A reader of an id must see which case of the sweep it is.
void check_axes(const Json& document, Faults& faults) {
  if (!document.contains("groups")) return;
  std::size_t index = 0;
  for (const Json& group : document["groups"]) {
    const auto place = fmt::format("/groups/{}", index++);
    if (!group.contains("sweep") || !group.contains("id")) continue;
    const auto& id = group["id"].get_ref<const std::string&>();
    std::size_t number = 0;
    for (const Json& axis : group["sweep"]) {
      const auto where = fmt::format("{}/sweep/{}", place, number++);
      if (axis.is_object()) continue;  // computed: ids that are the same would be told
      const Json& rows = axis.is_string() ? document["axes"][axis.get<std::string>().substr(1)] : axis;
      if (rows.size() < 2) continue;
      const auto& first = rows[0];
      const bool shown = std::ranges::any_of(first.items(), [&](const auto& parameter) {
        return id.find(fmt::format("{{{}}}", parameter.key())) != std::string::npos;
      });
      if (!shown) faults.add_style(where, "an axis that the id does not show", "a parameter of every axis in the id");
    }
  }
}

void check_requirements(const Case& c, const Catalogue& catalogue, Faults& faults) {
  for (const std::string& id : c.requirements) {
    if (catalogue.requirement(id) == nullptr) {
      faults.add(pointer_of(c, "/requirements"), fmt::format("'{}'", id), "ids of cases/requirements.json");
    }
  }
  if (c.two_sided) {
    for (const Claim& claim : c.two_sided->claims) {
      if (!claim.requirement.empty() && catalogue.requirement(claim.requirement) == nullptr) {
        faults.add(pointer_of(c, "/expect"), fmt::format("'{}'", claim.requirement), "ids of cases/requirements.json");
      }
    }
  }
  auto sorted = c.requirements;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    faults.add(pointer_of(c, "/requirements"), fmt::format("'{}' twice", *twice), "each requirement once");
  }
}

// Remembers where a name was met first.
class Names {
 public:
  explicit Names(std::string_view what, bool style = false) : what_(what), style_(style) {}
  void add(const std::string& name, const Case& c, std::string_view member, Faults& faults) {
    const auto [first, is_new] = seen_.emplace(name, c.id);
    if (is_new) return;
    CaseFileError fault = fault_in(c, member, fmt::format("{} '{}' of {} again", what_, name, first->second),
                                   fmt::format("each {} once", what_));
    fault.style = style_;
    faults.add(std::move(fault));
  }

 private:
  std::string_view what_;
  bool style_;
  std::map<std::string, std::string> seen_;
};

void check_bugs_of(const Case& c, const Catalogue& catalogue, Faults& faults) {
  for (const std::string& id : c.bugs) {
    const Bug* bug = catalogue.bug(id);
    if (bug == nullptr) faults.add(pointer_of(c, "/bugs"), fmt::format("'{}'", id), "ids of cases/bugs.json");
    if (bug != nullptr && !bug->unseen.empty()) {
      faults.add(pointer_of(c, "/bugs"), fmt::format("'{}', of which bugs.json says that no case shows it", id),
                 "bugs that a case shows");
    }
  }
}

// A known bug is shown by a case, or the table says why not.
void check_bugs(const BugTable& table, const Catalogue& catalogue, Faults& faults) {
  std::set<std::string_view> shown;
  for (const Case& c : catalogue.cases()) shown.insert(c.bugs.begin(), c.bugs.end());
  for (std::size_t i = 0; i < table.bugs.size(); ++i) {
    const Bug& bug = table.bugs[i];
    if (bug.unseen.empty() && !shown.contains(bug.id)) {
      faults.add(fmt::format("/bugs/{}", i), fmt::format("'{}', which no case names", bug.id),
                 "a case with it in \"bugs\", or the reason in \"unseen\"");
    }
  }
}

void check_suite(std::string_view name, std::string_view text, std::span<const Case> cases, const Catalogue& catalogue,
                 Faults& faults) {
  std::vector<CaseFileError> none;
  if (const auto document = parse_strict(name, text, none)) {
    check_axes(*document, faults);
    const auto suite = (*document)["suite"].get<std::string>();
    if (base_name(name) != suite + ".json") {
      faults.add_style("/suite", fmt::format("'{}'", suite), fmt::format("the file's own name, '{}'", base_name(name)));
    }
  }
  Names titles("title", /*style=*/true);
  for (const Case& c : cases) {
    check_requirements(c, catalogue, faults);
    check_bugs_of(c, catalogue, faults);
    titles.add(c.title, c, "/title", faults);
    for (const auto& complaint : title_complaints(c)) {
      faults.add_style(pointer_of(c, "/title"), complaint.found, complaint.allowed);
    }
  }
}

void check_choices(std::span<const Choice> choices, const Catalogue& catalogue, Faults& faults) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    for (const std::string& id : choices[i].requirements) {
      const auto* requirement = catalogue.requirement(id);
      if (requirement == nullptr || requirement->choice != choices[i].id) {
        faults.add(fmt::format("/{}/requirements", i), fmt::format("'{}'", id),
                   fmt::format("requirements whose choice is {}", choices[i].id));
      }
    }
  }
}

// What the files are held against: their own tables, where they can be read and are among them, and their own cases.
Catalogue tables_of(std::span<const SourceFile> files) {
  std::vector<SourceFile> readable;
  for (const SourceFile& file : files) {
    if (Catalogue::of(std::span(&file, 1))) readable.push_back(file);
  }
  auto own = Catalogue::of(readable);
  if (!own) return Catalogue::built_in();
  if (own->cases_.empty()) own->cases_ = Catalogue::built_in().cases_;
  return std::move(*own);
}

template <typename Loaded>
bool told(Loaded& loaded, Faults& faults) {
  if (loaded) return false;
  for (auto& fault : loaded.error()) faults.add(std::move(fault));
  return true;
}

}  // namespace

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

CaseFileError fault_in(const Case& c, std::string_view member, std::string found, std::string allowed) {
  return {c.source.substr(0, c.source.find('#')), pointer_of(c, member), std::move(found), std::move(allowed)};
}

bool is_suite(std::string_view path) {
  const auto name = base_name(path);
  return path.ends_with(".json") && !path.ends_with(".schema.json") && name != "requirements.json" &&
         name != "choices.json" && name != "bugs.json";
}

std::vector<SourceFile> built_in_files() {
  std::vector<SourceFile> files;
  for (const Resource& file : resources()) {
    const bool data = file.path.ends_with(".json") && !file.path.ends_with(".schema.json");
    if (file.path.starts_with("cases/") && data) files.push_back({file.path, file.content});
  }
  return files;
}

std::optional<std::string> formatted(std::string_view name, std::string_view text) {
  std::vector<CaseFileError> faults;
  const auto document = parse_strict(name, text, faults);
  if (!document || !faults.empty()) return std::nullopt;
  return canonical(*document);
}

std::vector<CaseFileError> lint(std::string_view name, std::string_view text, const Catalogue& catalogue) {
  Faults faults(name);
  if (base_name(name) == "requirements.json") {
    auto loaded = load_requirements(name, text);
    std::ignore = told(loaded, faults);
  } else if (base_name(name) == "choices.json") {
    auto loaded = load_choices(name, text);
    if (!told(loaded, faults)) check_choices(*loaded, catalogue, faults);
  } else if (base_name(name) == "bugs.json") {
    auto loaded = load_bugs(name, text);
    std::ignore = told(loaded, faults);
  } else if (name.ends_with(".schema.json")) {
    std::vector<CaseFileError> unreadable;
    std::ignore = parse_strict(name, text, unreadable);
    for (auto& fault : unreadable) faults.add(std::move(fault));
  } else {
    auto loaded = load_cases(name, text);
    if (!told(loaded, faults)) check_suite(name, text, *loaded, catalogue, faults);
  }
  check_format(name, text, faults);
  return faults.take();
}

std::vector<CaseFileError> lint_together(std::span<const SourceFile> files) {
  std::vector<CaseFileError> all;
  Names ids("id"), aliases("alias"), titles("title", /*style=*/true);
  const Catalogue own = tables_of(files);
  bool every_case_is_known = true;
  for (const SourceFile& file : files) {
    std::ranges::move(lint(file.name, file.text, own), std::back_inserter(all));
    if (!is_suite(file.name)) continue;
    const auto loaded = load_cases(file.name, file.text);
    if (!loaded) {
      every_case_is_known = false;
      continue;
    }
    Faults faults(file.name);
    for (const Case& c : *loaded) {
      ids.add(c.id, c, "/id", faults);
      titles.add(c.title, c, "/title", faults);
      for (const std::string& alias : c.aliases) aliases.add(alias, c, "/aliases", faults);
    }
    for (auto& fault : faults.take()) {
      // What the file's own check has told already is not told again.
      const auto same = [&](const CaseFileError& e) { return e.text() == fault.text(); };
      if (std::ranges::none_of(all, same)) all.push_back(std::move(fault));
    }
  }
  for (const SourceFile& file : files) {
    if (!every_case_is_known || base_name(file.name) != "bugs.json") continue;
    const auto table = load_bugs(file.name, file.text);
    if (!table) continue;
    Faults faults(file.name);
    check_bugs(*table, own, faults);
    std::ranges::move(faults.take(), std::back_inserter(all));
  }
  return all;
}

}  // namespace touchstone
