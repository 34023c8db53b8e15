// sarif.cc - results.sarif: SARIF 2.1.0, one run for each endpoint. Rules are the requirements of the RFCs, each
// with the kind of what breaks it; results are findings that weigh, so what is fine is not in it. Locations are the
// files of the cases with their transcripts.
#include <fmt/format.h>

#include <set>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/json_members.h"
#include "reports/text.h"

namespace touchstone {
namespace {

// Rules for results that no requirement explains.
constexpr std::string_view kErrored = "touchstone-errored", kFailed = "touchstone-failed";

Json text_of(std::string_view text) { return Json{{"text", clean_text(text)}}; }

class RunWriter {
 public:
  RunWriter(const Report& report, const EndpointResults& endpoint) : report_(report), endpoint_(endpoint) {}

  Json write() {
    Json results = Json::array();
    for (const Result* result : endpoint_.results) add(*result, results);
    const RunInfo& run = report_.run();
    Json driver{{"name", "Touchstone"}, {"semanticVersion", run.version}, {"rules", std::move(rules_)}};
    Json out;
    out["tool"] = Json{{"driver", std::move(driver)}};
    out["automationDetails"] = Json{{"id", fmt::format("touchstone/{}/", clean_text(endpoint_.name))}};
    Json invocation{{"executionSuccessful", run.complete},
                    {"startTimeUtc", format_time(run.start)},
                    {"endTimeUtc", format_time(run.end)}};
    if (const std::string notice = partial_notice(report_); !notice.empty()) {
      invocation["toolExecutionNotifications"] = Json::array({Json{{"level", "error"}, {"message", text_of(notice)}}});
    }
    out["invocations"] = Json::array({std::move(invocation)});
    out["results"] = std::move(results);
    out["columnKind"] = "unicodeCodePoints";
    out["properties"] = Json{{"endpoint", clean_text(endpoint_.name)},
                             {"counts", counts_text(count(endpoint_.results))},
                             {"causes", causes()},
                             {"profile", run.profile},
                             {"catalogue", run.catalogue_hash}};
    return out;
  }

 private:
  [[nodiscard]] Json causes() const {
    Json out = Json::array();
    for (const Cause& cause : endpoint_.causes.all())
      out.push_back(Json{{"number", cause.number},
                         {"id", cause.id},
                         {"level", cause.behavior == Behavior::non_strict ? "warning" : "error"},
                         {"about", fmt::format("{}: {}", reach(cause), clean_text(in_words(report_, cause)))},
                         {"shortest", cause.shortest->case_id},
                         {"replay", clean_text(cause.shortest->replay)}});
    return out;
  }

  void add(const Result& result, Json& into) {
    std::set<std::string, std::less<>> told;  // one result for each rule that a case breaks
    for (const Finding& finding : result.findings) {
      const std::string rule_id = finding.requirement + (finding.kind.empty() ? "" : "/" + finding.kind);
      if (finding.weight == Finding::Weight::choice || !told.insert(rule_id).second) continue;
      const std::string text = fmt::format("{}: expected {}; seen {}.", result.case_id, finding.expected, finding.seen);
      // What a flaky case that passed in the end did at first is worth a look, no more.
      const bool error = finding.weight == Finding::Weight::violation && is_bad(result);
      into.push_back(row(result, rule(rule_id, &finding), error ? "error" : "warning", text));
    }
    if (told.empty() && is_bad(result)) {
      const bool errored = result.behavior == Behavior::errored;
      into.push_back(row(result, rule(errored ? kErrored : kFailed, nullptr), "error",
                         fmt::format("{}: {}", result.case_id, result.summary)));
    }
  }

  Json row(const Result& result, std::size_t rule, std::string_view level, const std::string& text) const {
    const std::string& file = report_.case_file(endpoint_.name, autobahn_ids(result).front());
    const std::string id = rules_[rule]["id"].get<std::string>();
    Json location;
    location["physicalLocation"] = Json{{"artifactLocation", Json{{"uri", file}}}, {"region", Json{{"startLine", 1}}}};
    location["logicalLocations"] = Json::array({Json{{"fullyQualifiedName", result.case_id}}});
    Json properties{{"verdict", name(result.behavior)}, {"flaky", result.flaky}, {"replay", clean_text(result.replay)}};
    if (const Cause* cause = report_.cause_of(result)) {
      properties["cause"] = cause->number;
      properties[result.hidden ? "hiddenBy" : "causeId"] = cause->id;
    }
    return Json{{"ruleId", id},
                {"ruleIndex", rule},
                {"level", level},
                {"message", text_of(text)},
                {"locations", Json::array({std::move(location)})},
                {"partialFingerprints", Json{{"caseAndRequirement/v1", fmt::format("{} {}", result.case_id, id)}}},
                {"properties", std::move(properties)}};
  }

  // The rule's place in rules_, where it is put at its first use.
  std::size_t rule(std::string_view id, const Finding* finding) {
    const auto [at, added] = places_.emplace(id, rules_.size());
    if (added) rules_.push_back(described(id, finding));
    return at->second;
  }

  [[nodiscard]] Json described(std::string_view id, const Finding* finding) const {
    Json out{{"id", id}};
    const RequirementText* text = finding == nullptr ? nullptr : report_.requirement(finding->requirement);
    if (text != nullptr) {
      const std::string kind = finding->kind.empty() ? "" : fmt::format(", {}", finding->kind);
      out["shortDescription"] = text_of(clause_and_weight(report_, *finding) + kind);
      out["fullDescription"] = text_of(text->rule);
      out["helpUri"] = fmt::format("https://www.rfc-editor.org/rfc/rfc{}.html#section-{}", text->rfc, text->section);
    } else if (id == kErrored) {
      out["shortDescription"] = text_of("The case could not run.");
    } else {
      out["shortDescription"] = text_of("The endpoint did what the case does not allow.");
    }
    return out;
  }

  const Report& report_;
  const EndpointResults& endpoint_;
  Json rules_ = Json::array();
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace

std::expected<void, FileError> render_sarif(const Report& report, const Sink& sink) {
  Json runs = Json::array();
  for (const EndpointResults& endpoint : report.endpoints()) runs.push_back(RunWriter(report, endpoint).write());
  Json out{{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
           {"version", "2.1.0"}};
  out["runs"] = std::move(runs);
  return sink("results.sarif", write_json(out) + "\n");
}

}  // namespace touchstone
