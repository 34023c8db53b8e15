#include "runner/engine/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

constexpr std::size_t kModels = 3;  // cases of a rule that stand for others, and are named

const Finding* gravest(const Result& result) {
  const auto found = std::ranges::max_element(result.findings, {}, &Finding::weight);
  return found == result.findings.end() ? nullptr : &*found;
}

}  // namespace

Models::Rule Models::rule_of(const Result& result) {
  const Finding* finding = gravest(result);
  return finding == nullptr ? Rule{} : Rule{finding->requirement, finding->kind, finding->evidence};
}

void Models::add(const Attempt& attempt) {
  const Finding* finding = gravest(attempt.result);
  if (finding == nullptr || finding->weight == Finding::Weight::choice) return;
  Model& model = models_[rule_of(attempt.result)];
  if (model.cases.empty()) model.finding = *finding;
  model.cases.push_back(attempt.result.case_id);
}

bool Models::has_for(const Attempt& brief) const {
  const auto found = models_.find(rule_of(brief.result));
  return found != models_.end() && !found->second.refuted && found->second.cases.size() >= kModels;
}

bool Models::is_refuted(const Attempt& brief) const { return !has_for(brief); }

Result Models::not_judged(Attempt brief) const {
  Result result = std::move(brief.result);
  const auto found = models_.find(rule_of(result));
  if (found == models_.end()) return result;
  const Model& model = found->second;
  const std::vector<std::string> named(
      model.cases.begin(), model.cases.begin() + static_cast<std::ptrdiff_t>(std::min(kModels, model.cases.size())));
  result.behavior = Behavior::not_applicable;
  result.closing = Closing::informational;
  result.hidden = true;
  result.findings = {model.finding};
  result.summary = fmt::format("Not judged: like {}, which waited in vain. Expected: {}; seen: {}.",
                               fmt::join(named, ", "), model.finding.expected, model.finding.seen);
  return result;
}

}  // namespace touchstone
