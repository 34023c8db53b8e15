#include "runner/cli/options/selection.h"

#include "reports/support/shell.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/shard.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>

namespace touchstone::cli {
namespace {

// "close/*" and "close/code-valid/*" of "close/code-valid/1000".
void add_folders(std::vector<std::string>& names, const std::string& id, char separator) {
  for (std::size_t at = id.find(separator); at != std::string::npos; at = id.find(separator, at + 1)) {
    names.push_back(id.substr(0, at + 1) + "*");
  }
}

bool matches_any(const Catalogue& catalogue, const std::string& pattern) {
  return std::any_of(catalogue.cases().begin(), catalogue.cases().end(),
                     [&](const Case& c) { return matches(c, pattern); });
}

std::string nothing_left(const SelectionOptions& options, std::optional<Side> side) {
  std::string text = "no case is left to run: ";
  if (!options.include.empty()) text += fmt::format("of {}, ", join_and(options.include));
  if (!options.exclude.empty()) text += fmt::format("--exclude takes away {}, and ", join_and(options.exclude));
  text += fmt::format("the profile is {}", options.profile);
  if (options.profile == "core") text += ", which leaves out bulk cases and those that wait";
  if (side) text += fmt::format("; only cases for a {} under test count here", name(*side));
  return text;
}

}  // namespace

void add_selection_options(CLI::App& app, SelectionOptions& options) {
  repeatable(app.add_option("--case", options.include,
                            "Only cases that match: an id, Autobahn's id, a requirement, tag:NAME, a folder, or a glob "
                            "of these ('close/*', '7.*'); may be repeated"),
             "PATTERN");
  repeatable(app.add_option("--exclude", options.exclude, "Leave out cases that match; may be repeated"), "PATTERN");
  add_case_files_option(app, options.files);
  app.add_option("--profile", options.profile,
                 "core: no bulk cases; default: bulk cases of at most 50 messages and 4 MiB; full: Autobahn's sizes")
      ->type_name("core|default|full")
      ->check(one_of({"core", "default", "full"}));
  add_shard_option(
      app, options.shard,
      "The I-th of N shares of these cases, for N machines, or `auto`: what the scheduler says; `touchstone report` "
      "makes one report of theirs");
}

Profile profile_named(const std::string& name) {
  if (name == "core") return Profile::core;
  return name == "full" ? Profile::full : Profile::standard;
}

std::vector<std::string> nameable(const Catalogue& catalogue, Nameable what) {
  std::vector<std::string> names;
  for (const Case& c : catalogue.cases()) {
    names.push_back(c.id);
    names.insert(names.end(), c.aliases.begin(), c.aliases.end());
    if (what == Nameable::cases) continue;
    add_folders(names, c.id, '/');
    for (const std::string& alias : c.aliases) add_folders(names, alias, '.');
    names.insert(names.end(), c.requirements.begin(), c.requirements.end());
    for (const std::string& tag : c.tags) names.push_back("tag:" + tag);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string no_match_text(const Catalogue& catalogue, std::string_view pattern) {
  std::vector<std::string> near = nearest(pattern, nameable(catalogue, Nameable::all), 5);
  if (near.empty() && pattern.ends_with('*')) {  // "clsoe*": what it would be without the star
    const std::size_t end = pattern.find_last_not_of("*/.");
    near =
        nearest(pattern.substr(0, end == std::string_view::npos ? 0 : end + 1), nameable(catalogue, Nameable::all), 5);
  }
  std::string text = fmt::format("'{}' matches no case", pattern);
  if (!near.empty()) return text + "; near are " + join_and(near);
  return text + "; `touchstone list` shows all ids";
}

std::vector<const Case*> choose_cases(const Catalogue& catalogue, const SelectionOptions& options,
                                      std::optional<Side> side) {
  for (const auto* patterns : {&options.include, &options.exclude}) {
    for (const std::string& pattern : *patterns) {
      if (!matches_any(catalogue, pattern)) throw UsageError(no_match_text(catalogue, pattern));
    }
  }
  Selection selection{.include = options.include,
                      .exclude = options.exclude,
                      .profile = profile_named(options.profile),
                      .side = side.value_or(Side::server),
                      .http2 = options.http2};
  std::vector<const Case*> cases = select(catalogue, selection);
  if (!side) {
    for (const Side other : {Side::client, Side::intermediary}) {
      selection.side = other;
      for (const Case* c : select(catalogue, selection)) {
        if (std::find(cases.begin(), cases.end(), c) == cases.end()) cases.push_back(c);
      }
    }
    // The catalogue is one array: addresses are its order.
    std::sort(cases.begin(), cases.end());
  }
  if (cases.empty()) throw UsageError(nothing_left(options, side));
  if (options.shard.empty()) return cases;
  const Shard shard = shard_named(options.shard);
  std::vector<const Case*> share;
  std::ranges::copy_if(cases, std::back_inserter(share), [&](const Case* c) { return is_in(shard, c->id); });
  return share;
}

}  // namespace touchstone::cli
