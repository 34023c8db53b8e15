#include "runner/catalogue/coverage.h"

#include "runner/catalogue/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace touchstone {
namespace {

constexpr std::array kRfcs = {3629, 6455, 7692, 7936, 8441, 9110, 9112, 9113};

bool in_question(const Requirement& r) {
  return r.visible.starts_with("wire") && std::ranges::find(kRfcs, r.rfc) != kRfcs.end();
}

std::string_view name(Side side) {
  return side == Side::server ? "server" : side == Side::client ? "client" : "intermediary";
}

bool binds(const Requirement& r, Side side) {
  return r.binds == name(side) || (r.binds == "both" && side != Side::intermediary);
}

// What the case is about, and what its sentences about an intermediary cite.
std::set<std::string_view> cited(const Case& c) {
  std::set<std::string_view> all(c.requirements.begin(), c.requirements.end());
  if (c.two_sided) {
    for (const Claim& claim : c.two_sided->claims) all.insert(claim.requirement);
  }
  return all;
}

// "`a`, `b` (client)" as excuses without a reason.
std::vector<Excuse> subjects(std::string_view text, std::size_t line) {
  std::vector<Excuse> all;
  while (true) {
    const auto open = text.find('`');
    const auto close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) return all;
    Excuse excuse{std::string(text.substr(open + 1, close - open - 1)), std::nullopt, {}, line};
    text.remove_prefix(close + 1);
    if (text.starts_with(" (server)")) excuse.side = Side::server;
    if (text.starts_with(" (client)")) excuse.side = Side::client;
    all.push_back(std::move(excuse));
  }
}

std::string about(const Excuse& excuse) {
  return fmt::format("cases/UNCOVERED.md:{}: {}{}", excuse.line, excuse.requirement,
                     excuse.side ? fmt::format(" ({})", name(*excuse.side)) : "");
}

// An excuse that excuses nothing, or not all that it names.
void check(const Excuse& excuse, const Catalogue& catalogue, Coverage& coverage) {
  const Requirement* requirement = catalogue.requirement(excuse.requirement);
  const auto fault = [&](std::string_view what) {
    coverage.faults.push_back(fmt::format("{} {}", about(excuse), what));
  };
  if (requirement == nullptr) return fault("is no requirement");
  if (excuse.reason.empty()) return fault("has no reason after a colon");
  if (!in_question(*requirement)) return fault("is not in question: no endpoint's peer could see it");
  if (excuse.side && !binds(*requirement, *excuse.side)) return fault("does not bind that role");
  bool used = false;
  for (Covered& row : coverage.all) {
    if (row.requirement != requirement || (excuse.side && *excuse.side != row.side)) continue;
    if (!row.cases.empty()) {
      return fault(fmt::format("is covered for a {}, by {}: take the line out, or name the other role", name(row.side),
                               row.cases.front()->id));
    }
    if (row.excuse != nullptr) return fault("stands there twice");
    row.excuse = &excuse;
    used = true;
  }
  if (!used) fault("excuses nothing");
}

}  // namespace

std::vector<Excuse> read_excuses(std::string_view text) {
  std::vector<Excuse> all;
  std::size_t line_number = 0, current = 0;  // current: the first excuse of the item that goes on
  bool in_item = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line.starts_with("- `rfc")) {
      const auto colon = std::min(line.find(": "), line.size());
      current = all.size();
      for (Excuse& excuse : subjects(line.substr(0, colon), line_number)) all.push_back(std::move(excuse));
      for (auto i = current; i < all.size() && colon < line.size(); ++i) all[i].reason = line.substr(colon + 2);
      in_item = true;
    } else if (in_item && line.starts_with("  ")) {
      for (auto i = current; i < all.size(); ++i) all[i].reason.append(" ").append(line.substr(2));
    } else {
      in_item = false;
    }
  }
  return all;
}

bool Coverage::complete() const {
  return faults.empty() && std::ranges::none_of(all, [](const Covered& row) { return row.gap(); });
}

Coverage coverage(const Catalogue& catalogue, std::string_view excuses) {
  Coverage result;
  result.excuses = read_excuses(excuses);
  std::map<std::string_view, std::vector<const Case*>> citing;
  for (const Case& c : catalogue.cases()) {
    for (const std::string_view id : cited(c)) citing[id].push_back(&c);
  }
  for (const Requirement& requirement : catalogue.requirements()) {
    if (!in_question(requirement)) continue;
    for (const Side side : {Side::server, Side::client, Side::intermediary}) {
      if (!binds(requirement, side)) continue;
      Covered row{&requirement, side, {}, nullptr};
      for (const Case* c : citing[requirement.id]) {
        if (std::ranges::find(c->sides, side) != c->sides.end()) row.cases.push_back(c);
      }
      result.all.push_back(std::move(row));
    }
  }
  for (const Excuse& excuse : result.excuses) check(excuse, catalogue, result);
  return result;
}

Share share(const Coverage& coverage, int rfc, std::optional<Side> side) {
  struct Sum {
    bool covered = true, open = false;
  };
  std::map<const Requirement*, Sum> sums;
  for (const Covered& row : coverage.all) {
    if ((rfc != 0 && row.requirement->rfc != rfc) || (side ? *side != row.side : row.side == Side::intermediary))
      continue;
    Sum& sum = sums[row.requirement];
    sum.covered = sum.covered && !row.cases.empty();
    sum.open = sum.open || row.gap();
  }
  Share result;
  result.all = sums.size();
  for (const auto& [requirement, sum] : sums) {
    result.covered += sum.covered ? 1 : 0;
    result.excused += !sum.covered && !sum.open ? 1 : 0;
    result.autobahn += requirement->autobahn == "tested" ? 1 : 0;
    result.autobahn_in_passing += requirement->autobahn == "in-passing" ? 1 : 0;
  }
  return result;
}

}  // namespace touchstone
