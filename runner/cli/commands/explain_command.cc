#include "reports/support/shell.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/selection.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"
#include "runner/engine/run.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kExplainFooter = R"(
Examples:
  touchstone explain close/code-valid/1000
  touchstone explain 7.7.1                      by Autobahn's id
  touchstone explain rfc6455-5.2-16             a requirement, and the cases that ask for it
  touchstone explain --cases my-cases.json mine/first    a case of your own)";

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 14;

void field(std::string_view label, std::string_view text) {
  if (!text.empty()) out("{:<{}}{}\n", label, kIndent, wrap(text, kWidth, kIndent));
}

void fields(std::string_view label, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    // Blanks in front are the depth of a repeat.
    const std::size_t depth = line.find_first_not_of(' ');
    const std::size_t indent = kIndent + (depth == std::string::npos ? 0 : depth);
    out("{:<{}}{}\n", label, indent, wrap(line.substr(indent - kIndent), kWidth, indent));
    label = "";
  }
}

void print_requirements(const Catalogue& catalogue, const Case& c) {
  out("\nRequirements\n");
  for (const std::string& id : c.requirements) {
    const Requirement* rule = catalogue.requirement(id);
    if (rule == nullptr) {
      out("  {}\n", id);
      continue;
    }
    out("  {} (RFC {} section {}, {}, binds {})\n", id, rule->rfc, rule->section, rule->level, rule->binds);
    out("    {}\n", wrap(rule->rule, kWidth, 4));
  }
}

// Each class of bugs is explained once.
void print_bugs(const Catalogue& catalogue, const Case& c) {
  fields("Known bugs", bugs_in_words(c));
  for (const BugClass& kind : catalogue.bugs().classes) {
    const auto of_kind = [&](const std::string& id) {
      const Bug* bug = catalogue.bug(id);
      return bug != nullptr && bug->kind == kind.id;
    };
    if (std::ranges::any_of(c.bugs, of_kind)) field("", fmt::format("{}: {}", kind.title, kind.about));
  }
}

std::string sides(const Case& c) {
  std::vector<std::string> names;
  for (const Side side : c.sides) names.emplace_back(name(side));
  return join_and(names);
}

// `from`: the option that names the files of the case, as a shell takes it.
void print_how_to_run(const Case& c, const std::string& from) {
  const bool for_servers = c.sides.empty() || c.sides.front() == Side::server;
  if (!c.two_sided && !for_servers) return;
  const std::string_view at = c.two_sided ? "proxy --front ws://HOST:PORT/ --back PORT" : "test ws://HOST:PORT/";
  out("{:<{}}touchstone {}{} --case {}\n", "Run it", kIndent, at, from, shell_quote(c.id));
}

void print(const Catalogue& catalogue, const Case& c, const std::string& from) {
  out("{}\n{}\n\n", c.id, c.title);
  field("Autobahn", fmt::format("{}", fmt::join(c.aliases, ", ")));
  field("Under test", sides(c));
  field("Profiles",
        fmt::format("{}{}", fmt::join(profiles_of(c), ", "), c.bulk ? " (bulk: scaled down in default)" : ""));
  field("Tags", fmt::format("{}", fmt::join(c.tags, ", ")));
  if (!c.offer.empty()) field("Offers", fmt::format("{}", fmt::join(c.offer, ", ")));
  if (c.needs_deflate) field("Needs", "permessage-deflate");
  print_requirements(catalogue, c);
  out("\n");
  fields("Steps", describe_steps(c));
  // Without an expectation of its own a case expects what the strict stack does.
  fields("Expected", describe_expectation(with_expectation(scaled(c, Profile::standard), RunOptions{}.seed)));
  print_bugs(catalogue, c);
  if (!c.informational.empty()) field("No verdict", c.informational);
  field("Note", c.note);
  out("\n");
  field("Source", c.source);
  if (!c.aliases.empty()) field("Autobahn", "cases/README.md lists where our verdict differs from its on purpose");
  print_how_to_run(c, from);
}

void print(const Catalogue& catalogue, const Requirement& rule) {
  out("{}\nRFC {} section {}, {}, binds {}\n\n{}\n\n", rule.id, rule.rfc, rule.section, rule.level, rule.binds,
      wrap(rule.rule, kWidth, 0));
  const auto cites = [&](const Case& c) { return std::ranges::find(c.requirements, rule.id) != c.requirements.end(); };
  if (std::ranges::none_of(catalogue.cases(), cites)) return out("No case asks for it; cases/UNCOVERED.md says why.\n");
  out("Cases\n");
  for (const Case& c : catalogue.cases()) {
    if (cites(c)) out("  {:<45} {}\n", c.id, c.title);
  }
}

}  // namespace

void add_explain_command(CLI::App& app, Exit& exit) {
  struct Options {
    std::string id;
    std::vector<std::string> files;
  };
  auto options = std::make_shared<Options>();
  CLI::App* explain = app.add_subcommand("explain", "Say what a case does, what it expects, and why");
  explain->footer(kExplainFooter);
  explain->add_option("CASE", options->id, "A case, by its id or by Autobahn's; or a requirement, by its id")
      ->required();
  add_case_files_option(*explain, options->files);
  explain->callback([options, &exit] {
    const Catalogue& catalogue = catalogue_of(options->files);
    const Case* c = catalogue.find(options->id);
    const Requirement* rule = catalogue.requirement(options->id);
    exit = Exit::ok;
    if (c == nullptr && rule != nullptr) return print(catalogue, *rule);
    if (c == nullptr) throw UsageError(no_match_text(catalogue, options->id));
    print(catalogue, *c, cases_arguments(options->files));
  });
}

}  // namespace touchstone::cli
