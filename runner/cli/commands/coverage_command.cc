// `touchstone coverage`: which requirements of the RFCs the catalogue tests.
#include "reports/support/resources.h"
#include "runner/catalogue/coverage.h"
#include "runner/catalogue/generated_axes.h"
#include "runner/catalogue/lint.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/common.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"
#include "runner/engine/boundary_coverage.h"
#include "runner/engine/state_coverage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <set>

namespace touchstone::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCoverageFooter = R"(
In question are the requirements that an endpoint's or an intermediary's peer can see. One is covered when a case cites it, in each role
that it binds; where no black box can see it in one, cases/UNCOVERED.md says why.

With --states in question are the pairs of a state of the connection and a kind of frame that comes then, with
--boundaries the sizes next to powers of two. Both are computed from what the cases send, and say what they leave out.

Exit codes: 0 all is covered or explained; 1 something is not, or an explanation is out of date.

Examples:
  touchstone coverage
  touchstone coverage --all                     every requirement with its cases
  touchstone coverage --states --all            every pair of a state and a kind of frame, with cases
  touchstone coverage --boundaries              every dimension, with its sizes, and the covering arrays
  touchstone list --case rfc6455-4.1-45         the cases of one requirement)";

struct CoverageOptions {
  bool all = false, states = false, boundaries = false;
  std::string format = "text";
};

std::string share_in_words(const Share& share) { return fmt::format("covered {} of {}", share.covered, share.all); }

void print_share(std::string_view what, const Coverage& coverage, int rfc) {
  const Share both = share(coverage, rfc, std::nullopt);
  const Share server = share(coverage, rfc, Side::server), client = share(coverage, rfc, Side::client);
  out("{:<9} {:<20} server {:>3} of {:>3}   client {:>3} of {:>3}   {}\n", what, share_in_words(both), server.covered,
      server.all, client.covered, client.all, both.excused == 0 ? "" : fmt::format("{} explained", both.excused));
}

void print_all(const Coverage& coverage) {
  for (const Covered& row : coverage.all) {
    std::string state = row.cases.empty() ? "NOT COVERED" : count_of(row.cases.size(), "case");
    if (row.excuse != nullptr) state = "not covered: " + row.excuse->reason;
    out("{:<24} {:<12} {:<10} {}\n", row.requirement->id, name(row.side), row.requirement->level, state);
    for (const Case* c : row.cases) out("{:<24} {}\n", "", c->id);
  }
  out("\n");
}

void print_text(const Coverage& coverage, bool all) {
  if (all) print_all(coverage);
  for (const Covered& row : coverage.all) {
    if (row.gap())
      err("{} has no case in the role {}: {}\n", row.requirement->id, name(row.side), row.requirement->rule);
  }
  for (const std::string& fault : coverage.faults) err("{}\n", fault);
  std::set<int> rfcs;
  for (const Covered& row : coverage.all) rfcs.insert(row.requirement->rfc);
  for (const int rfc : rfcs) print_share(fmt::format("RFC {}", rfc), coverage, rfc);
  print_share("in total", coverage, 0);
  const Share between = share(coverage, 0, Side::intermediary);
  out("for intermediaries: {}{}\n", share_in_words(between),
      between.excused == 0 ? "" : fmt::format(", {} explained", between.excused));
  const Share total = share(coverage, 0, std::nullopt);
  out("Autobahn|Testsuite has cases for {} of them and sees {} more in passing\n{}\n", total.autobahn,
      total.autobahn_in_passing, share_in_words(total));
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

// --- Of states -------------------------------------------------------------------------------------

void print_states_text(const StateCoverage& found, bool all) {
  std::map<Merge, std::pair<std::size_t, std::size_t>> sums;  // classes of both sides: covered, all
  for (const auto& of : found.sides) {
    for (const StatePair& pair : of.classes) {
      sums[pair.merge].first += pair.count > 0 ? 1 : 0;
      ++sums[pair.merge].second;
      if (!all && pair.count > 0) continue;
      out("{:<7} {:<45} {:<36} {}\n", name(of.side),
          fmt::format("{}{}", pair.state->deflate ? "deflate " : "", name(*pair.state)), name(*pair.input),
          pair.count == 0 ? "NOT COVERED" : fmt::format("{}, {}", count_of(pair.count, "case"), pair.cases[0]->id));
    }
  }
  std::uint64_t pairs = 0;
  for (const auto& [merge, count] : found.pairs) pairs += count;
  out("{} states, {} of them with permessage-deflate; {} kinds of frame: {} pairs for a server, as many for a client\n",
      all_states(false).size() + all_states(true).size(), all_states(true).size(), all_inputs().size(), pairs);
  for (const auto& [merge, count] : found.pairs) {
    const auto [covered, of] = sums[merge];
    out("{:>7} pairs {:<24} {}\n", count, of == 0 ? "" : fmt::format("covered {:>4} of {:>4}", covered, of),
        reason(merge));
  }
  out("covered {} of {}\n", found.covered(), found.all());
}

void print_states_json(const StateCoverage& found) {
  Json rows = Json::array(), merges = Json::array();
  for (const auto& of : found.sides) {
    for (const StatePair& pair : of.classes) {
      Json cases = Json::array();
      for (const Case* c : pair.cases) cases.push_back(c->id);
      rows.push_back({{"role", name(of.side)},
                      {"deflate", pair.state->deflate},
                      {"state", name(*pair.state)},
                      {"frame", name(*pair.input)},
                      {"pairs", pair.pairs},
                      {"count", pair.count},
                      {"cases", std::move(cases)}});
    }
  }
  for (const auto& [merge, count] : found.pairs) {
    merges.push_back({{"pairs", count}, {"left_out", excluded(merge)}, {"reason", reason(merge)}});
  }
  out("{}\n",
      Json{
          {"covered", found.covered()}, {"of", found.all()}, {"rules", std::move(merges)}, {"classes", std::move(rows)}}
          .dump(1));
}

bool print_states(const CoverageOptions& options) {
  const StateCoverage found = state_coverage(Catalogue::built_in().cases());
  options.format == "json" ? print_states_json(found) : print_states_text(found, options.all);
  return found.covered() == found.all();
}

// --- Of sizes --------------------------------------------------------------------------------------

void print_boundaries_text(const BoundaryCoverage& server, const BoundaryCoverage& client,
                           const std::vector<CoveringGroup>& groups, bool all) {
  out("2^{} to 2^{}, each with -1, 0 and +1:\n", kLeastPower, kMostPower);
  for (std::size_t i = 0; i < server.rows.size(); ++i) {
    const BoundaryRow &s = server.rows[i], &c = client.rows[i];
    out("{:<20} {:<14} server {:>2} of {:>2}   client {:>2} of {:>2}\n", s.dimension, s.property, s.covered, s.all,
        c.covered, c.all);
    if (all && !s.missing.empty()) out("  not for a server: {}\n", fmt::format("{}", fmt::join(s.missing, ", ")));
    if (all && !c.missing.empty()) out("  not for a client: {}\n", fmt::format("{}", fmt::join(c.missing, ", ")));
  }
  for (const CoveringGroup& group : groups) {
    out("{}: {} axes, strength {}, seed {}: {} of {} combinations in {} rows\n", group.id, group.axes, group.strength,
        group.seed, group.combinations.covered, group.combinations.all, group.cases);
  }
  out("covered {} of {}\n", server.covered() + client.covered(), server.all() + client.all());
}

void print_boundaries_json(const BoundaryCoverage& server, const BoundaryCoverage& client,
                           const std::vector<CoveringGroup>& groups) {
  Json rows = Json::array(), arrays = Json::array();
  for (const auto& [side, found] : {std::pair(Side::server, &server), {Side::client, &client}}) {
    for (const BoundaryRow& row : found->rows) {
      rows.push_back({{"role", name(side)},
                      {"dimension", row.dimension},
                      {"property", row.property},
                      {"covered", row.covered},
                      {"of", row.all},
                      {"missing", row.missing}});
    }
  }
  for (const CoveringGroup& group : groups) {
    arrays.push_back({{"group", group.id},
                      {"axes", group.axes},
                      {"strength", group.strength},
                      {"seed", group.seed},
                      {"rows", group.cases},
                      {"covered", group.combinations.covered},
                      {"of", group.combinations.all}});
  }
  out("{}\n", Json{{"covered", server.covered() + client.covered()},
                   {"of", server.all() + client.all()},
                   {"sizes", std::move(rows)},
                   {"covering_arrays", std::move(arrays)}}
                  .dump(1));
}

bool print_boundaries(const CoverageOptions& options) {
  const auto cases = Catalogue::built_in().cases();
  const BoundaryCoverage server = boundary_coverage(cases, Side::server),
                         client = boundary_coverage(cases, Side::client);
  const auto groups = covering_groups(built_in_files());
  options.format == "json" ? print_boundaries_json(server, client, groups)
                           : print_boundaries_text(server, client, groups, options.all);
  return server.covered() == server.all() && client.covered() == client.all();
}

bool print_requirements(const CoverageOptions& options) {
  const Coverage found = coverage(Catalogue::built_in(), resource("cases/UNCOVERED.md"));
  options.format == "json" ? print_json(found) : print_text(found, options.all);
  return found.complete();
}

}  // namespace

void add_coverage_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<CoverageOptions>();
  CLI::App* command = app.add_subcommand("coverage", "Say which requirements of the RFCs have cases");
  command->footer(kCoverageFooter);
  command->add_flag("--all", options->all, "All that is in question with its cases, not only the sums and the gaps");
  auto* states = command->add_flag("--states", options->states, "Of states of a connection with kinds of frames");
  command->add_flag("--boundaries", options->boundaries, "Of sizes next to powers of two")->excludes(states);
  add_format_option(*command, options->format, "text, or json: an object with everything that is in question");
  command->callback([options, &exit] {
    const bool complete = options->states       ? print_states(*options)
                          : options->boundaries ? print_boundaries(*options)
                                                : print_requirements(*options);
    exit = complete ? Exit::ok : Exit::failures;
  });
}

}  // namespace touchstone::cli
