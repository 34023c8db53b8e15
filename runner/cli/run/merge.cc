#include "runner/cli/run/merge.h"

#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

namespace touchstone::cli {
namespace {

void merge_endpoints(std::vector<RunInfo::Endpoint>& into, const std::vector<RunInfo::Endpoint>& from) {
  for (const RunInfo::Endpoint& endpoint : from) {
    const auto same = [&](const RunInfo::Endpoint& other) { return other.name == endpoint.name; };
    if (std::none_of(into.begin(), into.end(), same)) into.push_back(endpoint);
  }
}

void compare(const RunInfo& first, const RunInfo& other, const std::string& name, std::vector<std::string>& warnings) {
  const auto differ = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) warnings.push_back(fmt::format("{}: {} is {}, in the first journal it is {}", name, what, b, a));
  };
  differ("the version of touchstone", first.version, other.version);
  differ("the catalogue", first.catalogue_hash, other.catalogue_hash);
  differ("the profile", first.profile, other.profile);
}

void merge_run(RunInfo& into, const RunInfo& from, const std::string& name) {
  merge_endpoints(into.endpoints, from.endpoints);
  into.planned += from.planned;
  into.start = std::min(into.start, from.start);
  into.end = std::max(into.end, from.end);
  into.complete = into.complete && from.complete;
  if (from.ended_because.empty()) return;
  if (!into.ended_because.empty()) into.ended_because += "; ";
  into.ended_because += fmt::format("{}: {}", name, from.ended_because);
}

}  // namespace

Merged merge(std::vector<Journal> journals, const std::vector<std::string>& names) {
  Merged merged;
  merged.journal = std::move(journals.front());
  Journal& all = merged.journal;
  std::map<std::pair<std::string, std::string>, std::size_t> places;  // endpoint and case -> index of its result
  for (std::size_t i = 0; i < all.results.size(); ++i) places[{all.results[i].endpoint, all.results[i].case_id}] = i;
  for (std::size_t j = 1; j < journals.size(); ++j) {
    compare(all.run, journals[j].run, names[j], merged.warnings);
    merge_run(all.run, journals[j].run, names[j]);
    std::size_t again = 0;
    for (Result& result : journals[j].results) {
      const auto [place, fresh] = places.try_emplace({result.endpoint, result.case_id}, all.results.size());
      if (fresh) {
        all.results.push_back(std::move(result));
        continue;
      }
      ++again;
      Result& kept = all.results[place->second];
      if (result.started >= kept.started) kept = std::move(result);
    }
    if (again == 0) continue;
    all.run.planned -= std::min(again, all.run.planned);
    merged.warnings.push_back(fmt::format("{}: {} there already for the same endpoint; the later result counts",
                                          names[j], count_of(again, "result") + (again == 1 ? " is" : " are")));
  }
  return merged;
}

}  // namespace touchstone::cli
