#include "runner/cli/options/spec_choice.h"

#include "runner/cli/cli.h"
#include "runner/cli/print.h"

#include <algorithm>

namespace touchstone::cli {

namespace {

// By its ids alone: the part of a case that Autobahn knows.
bool autobahn_has(const Case& c, const std::string& pattern) {
  if (c.aliases.empty()) return false;
  Case known;
  known.aliases = c.aliases;
  return matches(known, pattern);
}

bool any_case(const Catalogue& catalogue, const auto& holds) { return std::ranges::any_of(catalogue.cases(), holds); }

// What a file means by its patterns.
class Wanted {
 public:
  Wanted(const Catalogue& catalogue, const SpecFile& spec) {
    const std::vector<std::string> all{"*"};
    // With cases of ours alone, Autobahn's are not meant.
    for (const std::string& pattern : spec.cases.empty() && spec.own.empty() ? all : spec.cases) {
      const bool known = any_case(catalogue, [&](const Case& c) { return autobahn_has(c, pattern); });
      (known ? autobahn_ : own_).push_back(pattern);
    }
    own_.insert(own_.end(), spec.own.begin(), spec.own.end());
  }

  [[nodiscard]] std::vector<std::string> patterns() const {
    std::vector<std::string> out = autobahn_;
    out.insert(out.end(), own_.begin(), own_.end());
    return out;
  }

  [[nodiscard]] bool takes(const Case& c) const {
    return std::ranges::any_of(autobahn_, [&](const auto& pattern) { return autobahn_has(c, pattern); }) ||
           std::ranges::any_of(own_, [&](const auto& pattern) { return matches(c, pattern); });
  }

 private:
  std::vector<std::string> autobahn_, own_;
};

}  // namespace

std::vector<const Case*> choose_by_spec(const Catalogue& catalogue, SelectionOptions selection, const SpecFile& spec,
                                        const std::string& file, Side side) {
  const auto take = [&](const std::vector<std::string>& from, std::vector<std::string>& to) {
    for (const std::string& pattern : from) {
      const bool hit = any_case(catalogue, [&](const Case& c) { return matches(c, pattern); });
      if (hit) to.push_back(pattern);
      if (!hit) err("warning: {}: {}\n", file, no_match_text(catalogue, pattern));
    }
  };
  const bool told = !selection.include.empty();
  const Wanted wanted(catalogue, spec);
  if (!told) take(wanted.patterns(), selection.include);
  if (!told && selection.include.empty()) throw UsageError(file + ": /cases: no pattern matches a case");
  take(spec.exclude_cases, selection.exclude);
  std::vector<const Case*> cases = choose_cases(catalogue, selection, side);
  if (!told) std::erase_if(cases, [&](const Case* c) { return !wanted.takes(*c); });
  if (cases.empty()) throw UsageError(file + ": /cases: of Autobahn's cases none is left to run");
  return cases;
}

}  // namespace touchstone::cli
