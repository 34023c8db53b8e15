// `touchstone coverage`: which requirements of the RFCs the catalogue tests.
#include "reports/support/resources.h"
#include "runner/catalogue/coverage.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/common.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <set>

namespace touchstone::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFooter = R"(
In question are the requirements that an endpoint's peer can see. One is covered when a case cites it, in each role
that it binds; where no black box can see it in one, cases/UNCOVERED.md says why.

Exit codes: 0 every requirement is covered or explained; 1 some are not, or an explanation is out of date.

Examples:
  touchstone coverage
  touchstone coverage --all                     every requirement with its cases
  touchstone list --case rfc6455-4.1-45         the cases of one requirement)";

struct Options {
  bool all = false;
  std::string format = "text";
};

std::string in_words(const Share& share) { return fmt::format("covered {} of {}", share.covered, share.all); }

void print_share(std::string_view what, const Coverage& coverage, int rfc) {
  const Share both = share(coverage, rfc, std::nullopt);
  const Share server = share(coverage, rfc, Side::server), client = share(coverage, rfc, Side::client);
  out("{:<9} {:<20} server {:>3} of {:>3}   client {:>3} of {:>3}   {}\n", what, in_words(both), server.covered,
      server.all, client.covered, client.all, both.excused == 0 ? "" : fmt::format("{} explained", both.excused));
}

void print_all(const Coverage& coverage) {
  for (const Covered& row : coverage.all) {
    std::string state = row.cases.empty() ? "NOT COVERED" : count_of(row.cases.size(), "case");
    if (row.excuse != nullptr) state = "not covered: " + row.excuse->reason;
    out("{:<24} {:<7} {:<10} {}\n", row.requirement->id, name(row.side), row.requirement->level, state);
    for (const Case* c : row.cases) out("{:<24} {}\n", "", c->id);
  }
  out("\n");
}

void print_text(const Coverage& coverage, bool all) {
  if (all) print_all(coverage);
  for (const Covered& row : coverage.all) {
    if (row.gap()) err("{} has no case for a {}: {}\n", row.requirement->id, name(row.side), row.requirement->rule);
  }
  for (const std::string& fault : coverage.faults) err("{}\n", fault);
  std::set<int> rfcs;
  for (const Covered& row : coverage.all) rfcs.insert(row.requirement->rfc);
  for (const int rfc : rfcs) print_share(fmt::format("RFC {}", rfc), coverage, rfc);
  print_share("in total", coverage, 0);
  const Share total = share(coverage, 0, std::nullopt);
  out("Autobahn|Testsuite has cases for {} of them and sees {} more in passing\n{}\n", total.autobahn,
      total.autobahn_in_passing, in_words(total));
}

void print_json(const Coverage& coverage) {
  Json rows = Json::array();
  for (const Covered& row : coverage.all) {
    Json cases = Json::array();
    for (const Case* c : row.cases) cases.push_back(c->id);
    Json one{{"requirement", row.requirement->id}, {"rfc", row.requirement->rfc}, {"section", row.requirement->section},
             {"level", row.requirement->level},    {"role", name(row.side)},      {"cases", std::move(cases)}};
    if (row.excuse != nullptr) one["uncovered_because"] = row.excuse->reason;
    rows.push_back(std::move(one));
  }
  out("{}\n", Json{{"requirements", std::move(rows)}, {"faults", coverage.faults}}.dump(1));
}

}  // namespace

void add_coverage_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("coverage", "Say which requirements of the RFCs have cases");
  command->footer(kFooter);
  command->add_flag("--all", options->all, "Every requirement with its cases, not only the sums and the gaps");
  add_format_option(*command, options->format, "text, or json: an object with every requirement and role");
  command->callback([options, &exit] {
    const Coverage found = coverage(Catalogue::built_in(), resource("cases/UNCOVERED.md"));
    options->format == "json" ? print_json(found) : print_text(found, options->all);
    exit = found.complete() ? Exit::ok : Exit::failures;
  });
}

}  // namespace touchstone::cli
