#include "reports/cause_json.h"

#include "reports/digest.h"

namespace touchstone {
namespace {

Json ids_json(const std::vector<const Result*>& results) {
  Json out = Json::array();
  for (const Result* result : results) out.push_back(result->case_id);
  return out;
}

}  // namespace

Json to_json(const Report& report, std::string_view endpoint, const Cause& cause) {
  Json out{{"number", cause.number},
           {"id", cause.id},
           {"agent", endpoint},
           {"verdict", name(cause.behavior)},
           {"requirement", cause.finding.requirement},
           {"rule", in_words(report, cause)},
           {"clause", clause_and_weight(report, cause.finding)},
           {"expected", cause.finding.expected},
           {"seen", cause.finding.seen},
           {"explains", cause.own},
           {"cases", ids_json(cause.cases)},
           {"hides", ids_json(cause.hidden)},
           {"shortest", cause.shortest->case_id},
           {"replay", cause.shortest->replay}};
  if (!cause.finding.kind.empty()) out["kind"] = cause.finding.kind;
  if (!cause.finding.evidence.empty()) out["evidence"] = cause.finding.evidence;
  if (!cause.finding.choice.empty()) out["choice"] = cause.finding.choice;
  return out;
}

}  // namespace touchstone
