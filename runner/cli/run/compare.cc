#include "runner/cli/run/compare.h"

#include "reports/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace touchstone::cli {
namespace {

bool same_verdicts(const Result& a, const Result& b) {
  return a.behavior == b.behavior && a.closing == b.closing && a.hidden == b.hidden;
}

Change change_of(const Result* before, const Result& after) {
  using Kind = Change::Kind;
  const bool failed = before != nullptr && fails_run(*before);
  if (fails_run(after) && !failed) return {Kind::new_failure, before, &after};
  if (before == nullptr) return {Kind::only_second, before, &after};
  return {failed && !fails_run(after) ? Kind::fixed : Kind::changed, before, &after};
}

}  // namespace

Comparison::Comparison(const Journal& before, const Journal& after, const Texts& texts)
    : before_(before),
      after_(after),
      report_before_(before.run, before.results, texts),
      report_after_(after.run, after.results, texts) {
  names_endpoints_ = before.run.endpoints.size() > 1 || after.run.endpoints.size() > 1;
  using Place = std::pair<std::string_view, std::string_view>;
  const auto place = [&](const Result& result) {
    return Place(names_endpoints_ ? std::string_view(result.endpoint) : std::string_view(), result.case_id);
  };
  std::map<Place, const Result*> first;
  for (const Result& result : before.results) first.insert_or_assign(place(result), &result);
  for (const Result& result : after.results) {
    const auto found = first.find(place(result));
    const Result* was = found == first.end() ? nullptr : found->second;
    if (was == nullptr || !same_verdicts(*was, result)) changes_.push_back(change_of(was, result));
    if (was != nullptr) first.erase(found);
  }
  for (const auto& [where, result] : first) changes_.push_back({Change::Kind::only_first, result, nullptr});
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) { return a.kind < b.kind; });
  new_causes_ = only_in(report_after_, report_before_);
  gone_causes_ = only_in(report_before_, report_after_);
  warn();
}

std::vector<CauseChange> Comparison::only_in(const Report& one, const Report& other) const {
  std::vector<CauseChange> found;
  for (const EndpointResults& endpoint : one.endpoints()) {
    for (const Cause& cause : endpoint.causes.all()) {
      const bool known = std::ranges::any_of(other.endpoints(), [&](const EndpointResults& there) {
        return (!names_endpoints_ || there.name == endpoint.name) &&
               std::ranges::find(there.causes.all(), cause.id, &Cause::id) != there.causes.all().end();
      });
      if (!known) found.push_back({endpoint.name, &cause});
    }
  }
  return found;
}

void Comparison::warn() {
  const auto differ = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) warnings_.push_back(fmt::format("{} differs: {} and {}", what, a, b));
  };
  differ("the version of touchstone", before_.run.version, after_.run.version);
  differ("the catalogue", before_.run.catalogue_hash.substr(0, 12), after_.run.catalogue_hash.substr(0, 12));
  differ("the profile", before_.run.profile, after_.run.profile);
  for (const Journal* each : {&before_, &after_}) {
    if (each->run.complete) continue;
    warnings_.push_back(
        fmt::format("the {} run is partial: {}", each == &before_ ? "first" : "second", each->run.ended_because));
  }
}

std::vector<const Change*> Comparison::of(Change::Kind kind) const {
  std::vector<const Change*> some;
  for (const Change& change : changes_) {
    if (change.kind == kind) some.push_back(&change);
  }
  return some;
}

}  // namespace touchstone::cli
