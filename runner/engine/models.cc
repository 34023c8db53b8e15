#include "runner/engine/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

const Finding* gravest(const Result& result) {
  const auto found = std::ranges::max_element(result.findings, {}, &Finding::weight);
  return found == result.findings.end() ? nullptr : &*found;
}

}  // namespace

Models::Rule Models::rule_of(const Attempt& attempt) {
  const Finding* finding = gravest(attempt.result);
  return finding == nullptr ? Rule{} : Rule{finding->requirement, finding->kind, finding->evidence};
}

void Models::add(const Attempt& attempt) {
  const Finding* finding = gravest(attempt.result);
  if (finding == nullptr || finding->weight == Finding::Weight::choice) return;
  for (const Rule& rule : {rule_of(attempt), silence_of(attempt)}) {
    Model& model = models_[rule];
    if (model.cases.empty()) model.finding = *finding;
    model.cases.push_back(attempt.result.case_id);
  }
}

const Models::Model* Models::model_of(const Attempt& brief) const {
  const auto of_rule = models_.find(rule_of(brief));
  if (of_rule != models_.end() && of_rule->second.stands()) return &of_rule->second;
  const auto of_silence = models_.find(silence_of(brief));
  const bool stands = brief.hopeless && of_silence != models_.end() && of_silence->second.stands();
  return stands ? &of_silence->second : nullptr;
}

bool Models::has_for(const Attempt& brief) const { return model_of(brief) != nullptr; }

bool Models::is_refuted(const Attempt& brief) const { return !has_for(brief); }

void Models::refute(const Attempt& attempt) {
  models_[rule_of(attempt)].refuted = true;
  models_[silence_of(attempt)].refuted = true;
}

Result Models::not_judged(Attempt brief) const {
  const Model* found = model_of(brief);
  Result result = std::move(brief.result);
  if (found == nullptr) return result;
  const Model& model = *found;
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
