// Which cases run: patterns over all the names that a case has.
#include "runner/catalogue/catalogue.h"

#include <ws/core/glob.h>

#include <algorithm>

namespace touchstone {
namespace {

bool glob(std::string_view text, std::string_view pattern) {
  return ws::matches_glob(text, pattern, {.question_mark = true});
}

// The pattern itself, or the folder above `name`: "close" and "close/" take "close/code-valid/1000",
// "7.1" takes "7.1.6" but not "7.13.1".
bool names(std::string_view name, std::string_view pattern, char separator) {
  if (glob(name, pattern)) return true;
  if (pattern.ends_with(separator)) pattern.remove_suffix(1);
  if (pattern.empty()) return false;
  for (auto at = name.find(separator); at != std::string_view::npos; at = name.find(separator, at + 1)) {
    if (glob(name.substr(0, at), pattern)) return true;
  }
  return false;
}

bool matches_any(const Case& c, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches(c, pattern); });
}

}  // namespace

bool matches(const Case& c, std::string_view pattern) {
  constexpr std::string_view kTag = "tag:";
  if (pattern.starts_with(kTag)) {
    const auto wanted = pattern.substr(kTag.size());
    if (wanted == "cve" && !c.bugs.empty()) return true;
    return std::ranges::any_of(c.tags, [&](const std::string& tag) { return glob(tag, wanted); });
  }
  const auto cited = [&](const std::string& id) { return glob(id, pattern); };
  const auto known_as = [&](const std::string& alias) { return names(alias, pattern, '.'); };
  return names(c.id, pattern, '/') || std::ranges::any_of(c.bugs, cited) || std::ranges::any_of(c.aliases, known_as) ||
         std::ranges::any_of(c.requirements, cited);
}

std::vector<const Case*> select(const Catalogue& catalogue, const Selection& selection,
                                std::vector<std::string>* unmatched) {
  std::vector<const Case*> selected;
  for (const Case& c : catalogue.cases()) {
    if (std::ranges::find(c.sides, selection.side) == c.sides.end()) continue;
    if (c.http2 && !selection.http2 && selection.include.empty()) continue;
    if (!belongs_to(c, selection.profile)) continue;
    if (!selection.include.empty() && !matches_any(c, selection.include)) continue;
    if (matches_any(c, selection.exclude)) continue;
    selected.push_back(&c);
  }
  if (unmatched == nullptr) return selected;
  for (const auto* patterns : {&selection.include, &selection.exclude}) {
    for (const std::string& pattern : *patterns) {
      const auto hit = [&](const Case& c) { return matches(c, pattern); };
      if (std::ranges::none_of(catalogue.cases(), hit)) unmatched->push_back(pattern);
    }
  }
  return selected;
}

}  // namespace touchstone
