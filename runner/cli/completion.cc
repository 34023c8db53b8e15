#include "runner/cli/completion.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace touchstone::cli {
namespace {

// Types of values, or names of positionals, that are paths.
struct PathType {
  std::string_view type;
  Paths paths;
};
constexpr std::array<PathType, 6> kPathTypes = {{{"FILE", Paths::files},
                                                 {"DIR", Paths::folders},
                                                 {"JOURNAL", Paths::files},
                                                 {"REPORT", Paths::files},
                                                 {"FIRST", Paths::files},
                                                 {"SECOND", Paths::files}}};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string first_name(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return "--" + option.get_lnames().front();
  return option.get_snames().empty() ? option.get_name(true) : "-" + option.get_snames().front();
}

const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* each) { return each->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

// Where the words before the last one lead.
struct Place {
  const CLI::App* app = nullptr;
  const CLI::Option* pending = nullptr;  // its value comes next
  std::set<const CLI::Option*> given{};  // of `app`
  std::size_t positionals = 0;           // given to `app`
  bool only_positionals = false;         // after "--"
};

void step(Place& place, const std::string& word) {
  if (place.pending != nullptr) {
    place.pending = nullptr;
  } else if (word == "--") {
    place.only_positionals = true;
  } else if (word.size() > 1 && word.front() == '-' && !place.only_positionals) {
    const std::size_t equals = word.find('=');
    const CLI::Option* option = place.app->get_option_no_throw(word.substr(0, equals));
    if (option == nullptr) return;
    place.given.insert(option);
    if (equals == std::string::npos && takes_value(*option)) place.pending = option;
  } else if (const CLI::App* next = place.only_positionals ? nullptr : subcommand(*place.app, word)) {
    place = Place{.app = next};
  } else {
    ++place.positionals;
  }
}

const CLI::Option* next_positional(const Place& place) {
  std::size_t before = 0;
  for (const CLI::Option* option : place.app->get_options()) {
    if (!option->get_positional()) continue;
    const auto most = static_cast<std::size_t>(option->get_items_expected_max());
    if (place.positionals < before + most) return option;
    before += most;
  }
  return nullptr;
}

// The values of `option` that begin with `begun`, each after `lead`.
void add_values(Completion& completion, const CLI::Option& option, const std::string& lead, const std::string& begun,
                const Values& values) {
  const std::string name = option.nonpositional() ? first_name(option) : option.get_name(true);
  const std::string type = option.nonpositional() ? plain_type(option.get_type_name()) : name;
  for (const PathType& row : kPathTypes) {
    if (row.type == type) completion.paths = row.paths;
  }
  std::vector<Candidate> found = values(name, type, begun);
  if (type.find('|') != std::string::npos) {  // "core|default|full"
    for (std::string& word : CLI::detail::split(type, '|')) found.push_back({std::move(word), {}});
  }
  for (Candidate& each : found) {
    if (each.word.starts_with(begun)) completion.words.push_back({lead + each.word, std::move(each.about)});
  }
}

bool may_stand(const CLI::Option& option, const Place& place) {
  if (option.get_group().empty() || !option.nonpositional()) return false;
  const bool again = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  if (place.given.contains(&option) && !again) return false;
  const auto excluded = option.get_excludes();
  return std::none_of(excluded.begin(), excluded.end(),
                      [&](const CLI::Option* each) { return place.given.contains(each); });
}

void add_options(Completion& completion, const Place& place, const std::string& begun) {
  for (const CLI::Option* option : place.app->get_options()) {
    if (!may_stand(*option, place)) continue;
    // -h beside --help is no news; a short name shows where there is no long one.
    std::vector<std::string> names;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    if (names.empty()) names.push_back(first_name(*option));
    for (const std::string& name : names) {
      if (name.starts_with(begun)) completion.words.push_back({name, first_line(option->get_description())});
    }
  }
}

void add_subcommands(Completion& completion, const CLI::App& app, const std::string& begun) {
  for (const CLI::App* each : app.get_subcommands({})) {
    if (each->get_group().empty() || !each->get_name().starts_with(begun)) continue;
    completion.words.push_back({each->get_name(), first_line(each->get_description())});
  }
}

char separator_of(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return '/';
  if (name.find(':') != std::string_view::npos) return ':';
  return !name.empty() && name.front() >= '0' && name.front() <= '9' ? '.' : '-';
}

}  // namespace

Completion complete(const CLI::App& program, const std::vector<std::string>& words, const Values& values) {
  Place place{.app = &program};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) step(place, words[i]);
  const std::string begun = words.empty() ? std::string() : words.back();
  Completion completion;
  if (place.pending != nullptr) {
    add_values(completion, *place.pending, "", begun, values);
    return completion;
  }
  if (begun.starts_with('-') && !place.only_positionals) {
    const std::size_t equals = begun.find('=');
    const CLI::Option* option = place.app->get_option_no_throw(begun.substr(0, equals));
    if (equals == std::string::npos)
      add_options(completion, place, begun);
    else if (option != nullptr && takes_value(*option))
      add_values(completion, *option, begun.substr(0, equals + 1), begun.substr(equals + 1), values);
    return completion;
  }
  if (!place.only_positionals) add_subcommands(completion, *place.app, begun);
  if (const CLI::Option* option = next_positional(place)) add_values(completion, *option, "", begun, values);
  // Where nothing else is known to stand, the options are worth a look.
  if (completion.words.empty() && completion.paths == Paths::none && begun.empty())
    add_options(completion, place, begun);
  return completion;
}

std::string plain_type(std::string_view type) {
  for (std::size_t colon = type.find(':'); colon != std::string_view::npos; colon = type.find(':', colon + 1)) {
    if (colon + 1 < type.size() && type[colon + 1] != ' ') return std::string(type.substr(0, colon));
  }
  return std::string(type);
}

std::vector<std::string> next_steps(const std::vector<std::string>& names, std::string_view begun) {
  std::set<std::string> steps;
  for (const std::string& name : names) {
    if (!name.starts_with(begun)) continue;
    const std::size_t end = name.find(separator_of(name), begun.size());
    steps.insert(name.substr(0, end == std::string::npos ? end : end + 1));
  }
  return {steps.begin(), steps.end()};
}

}  // namespace touchstone::cli
