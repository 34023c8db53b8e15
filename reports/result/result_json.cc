// result_json.cc - one result, and one run, as JSON.
#include "reports/result/result_json.h"

#include <array>
#include <cmath>
#include <utility>

namespace touchstone {
namespace {

constexpr std::array<std::string_view, 3> kWeights{"choice", "weak", "violation"};
using enum Members::Need;

std::optional<Finding::Weight> weight_from(std::string_view text) {
  for (std::size_t i = 0; i < kWeights.size(); ++i)
    if (kWeights[i] == text) return static_cast<Finding::Weight>(i);
  return std::nullopt;
}

// Microseconds: more digits are noise of the conversion to milliseconds.
double rounded(double milliseconds) { return std::round(milliseconds * 1000) / 1000; }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const Finding& finding) {
  Json out{{"weight", name(finding.weight)},
           {"requirement", finding.requirement},
           {"expected", finding.expected},
           {"seen", finding.seen}};
  if (!finding.kind.empty()) out["kind"] = finding.kind;
  if (!finding.evidence.empty()) out["evidence"] = finding.evidence;
  if (!finding.choice.empty()) out["choice"] = finding.choice;
  return out;
}

void read(const Json& value, const std::string& pointer, std::optional<JsonFault>& fault, Finding& finding) {
  Members members(value, pointer, fault);
  members.one_of<Finding::Weight>("weight", finding.weight, weight_from, "choice, weak or violation");
  members.text("requirement", finding.requirement);
  members.text("expected", finding.expected);
  members.text("seen", finding.seen);
  if (members.has("kind")) members.text("kind", finding.kind);
  if (members.has("evidence")) members.text("evidence", finding.evidence);
  if (members.has("choice")) members.text("choice", finding.choice);
  members.no_others();
}

void read(const Json& value, const std::string& pointer, std::optional<JsonFault>& fault, RunInfo::Endpoint& endpoint) {
  Members members(value, pointer, fault);
  members.text("name", endpoint.name);
  members.text("url", endpoint.url);
  members.text("server", endpoint.server_field);
  members.no_others();
}

void read_verdict(Members& members, Result& result) {
  members.one_of<Behavior>("behavior", result.behavior, behavior_from,
                           "OK, NON-STRICT, INFORMATIONAL, UNIMPLEMENTED, NOT-APPLICABLE, FAILED or ERRORED");
  members.one_of<Closing>("closing", result.closing, closing_from,
                          "OK, UNCLEAN, WRONG CODE, FAILED BY CLIENT, INFORMATIONAL or FAILED");
}

void read_closing_handshake(Members& members, Result& result) {
  members.integer_or_null("remote_close_code", result.remote_close_code);
  members.octets("remote_close_reason", result.remote_close_reason);
  members.integer_or_null("local_close_code", result.local_close_code);
  members.flag("closed_by_peer_first", result.closed_by_peer_first);
  members.flag("dropped_by_peer", result.dropped_by_peer);
  members.flag("clean", result.clean);
}

// Reads the transcript `key`; its own fault becomes the fault of the document.
void read_transcript(Members& members, std::string_view key, std::optional<JsonFault>& fault, Transcript& out) {
  members.nested(key, [&](const Json& value, const std::string& pointer) {
    auto transcript = transcript_from_json(value, pointer);
    if (transcript) {
      out = std::move(*transcript);
    } else {
      fault = transcript.error();
    }
  });
}

}  // namespace

std::string_view name(Finding::Weight weight) noexcept { return kWeights[std::to_underlying(weight)]; }

Json to_json_without_transcript(const Result& result) {
  Json findings = Json::array();
  for (const Finding& finding : result.findings) findings.push_back(to_json(finding));
  Json out{{"case", result.case_id},
           {"agent", result.endpoint},
           {"behavior", name(result.behavior)},
           {"closing", name(result.closing)},
           {"requirements", result.requirements},
           {"duration_ms", rounded(result.duration_ms)},
           {"flaky", result.flaky},
           {"aliases", result.aliases},
           {"title", result.title},
           {"expectation", result.expectation},
           {"summary", result.summary},
           {"findings", std::move(findings)},
           {"started", format_time(result.started)},
           {"remote_close_code", or_null(result.remote_close_code)},
           {"remote_close_reason", octets_to_json(result.remote_close_reason)},
           {"local_close_code", or_null(result.local_close_code)},
           {"closed_by_peer_first", result.closed_by_peer_first},
           {"dropped_by_peer", result.dropped_by_peer},
           {"clean", result.clean},
           {"replay", result.replay}};
  if (!result.bugs.empty()) out["bugs"] = result.bugs;
  if (result.hidden) out["hidden"] = true;
  return out;
}

Json to_json(const Result& result) {
  Json out = to_json_without_transcript(result);
  out["transcript"] = to_json(result.transcript);
  if (result.other_transcript) out["other_transcript"] = to_json(*result.other_transcript);
  return out;
}

std::expected<Result, JsonFault> result_from_json(const Json& value, const std::string& pointer) {
  Result result;
  std::optional<JsonFault> fault;
  Members members(value, pointer, fault);
  members.text("case", result.case_id);
  members.text("agent", result.endpoint);
  read_verdict(members, result);
  members.texts("requirements", result.requirements);
  if (members.has("bugs")) members.texts("bugs", result.bugs);
  members.real("duration_ms", result.duration_ms);
  members.flag("flaky", result.flaky);
  members.texts("aliases", result.aliases);
  members.text("title", result.title);
  members.text("expectation", result.expectation);
  members.text("summary", result.summary);
  members.list("findings", [&](const Json& element, const std::string& at) {
    read(element, at, fault, result.findings.emplace_back());
  });
  if (members.has("hidden")) members.flag("hidden", result.hidden);
  members.time("started", result.started);
  read_closing_handshake(members, result);
  members.text("replay", result.replay);
  read_transcript(members, "transcript", fault, result.transcript);
  if (members.has("other_transcript"))
    read_transcript(members, "other_transcript", fault, result.other_transcript.emplace());
  members.no_others();
  if (fault) return std::unexpected(*fault);
  return result;
}

Json to_json(const RunInfo& run) {
  Json endpoints = Json::array();
  for (const RunInfo::Endpoint& endpoint : run.endpoints)
    endpoints.push_back(Json{{"name", endpoint.name}, {"url", endpoint.url}, {"server", endpoint.server_field}});
  return Json{{"version", run.version},
              {"catalogue_hash", run.catalogue_hash},
              {"machine", run.machine},
              {"profile", run.profile},
              {"seed", run.seed},
              {"jobs", run.jobs},
              {"command_line", run.command_line},
              {"agents", std::move(endpoints)},
              {"planned", run.planned},
              {"start", format_time(run.start)},
              {"end", format_time(run.end)},
              {"complete", run.complete},
              {"ended_because", run.ended_because}};
}

std::expected<RunInfo, JsonFault> run_from_json(const Json& value, const std::string& pointer) {
  RunInfo run;
  std::optional<JsonFault> fault;
  Members members(value, pointer, fault);
  members.text("version", run.version);
  members.text("catalogue_hash", run.catalogue_hash);
  members.text("machine", run.machine);
  members.text("profile", run.profile);
  members.integer("seed", run.seed);
  members.integer("jobs", run.jobs);
  members.texts("command_line", run.command_line);
  members.list("agents", [&](const Json& element, const std::string& at) {
    read(element, at, fault, run.endpoints.emplace_back());
  });
  members.integer("planned", run.planned);
  members.time("start", run.start);
  members.time("end", run.end, optional);
  members.flag("complete", run.complete, optional);
  members.text("ended_because", run.ended_because, optional);
  members.no_others();
  if (fault) return std::unexpected(*fault);
  return run;
}

}  // namespace touchstone
