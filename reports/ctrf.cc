// ctrf.cc - ctrf.json: the Common Test Report Format (ctrf.io), specification 0.0.0.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/json_members.h"
#include "reports/text.h"

namespace touchstone {
namespace {

constexpr std::string_view kSpecification = "0.0.0";

std::int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string_view status(const Result& result) {
  if (is_bad(result)) return "failed";
  return is_skipped(result) ? "skipped" : "passed";
}

Json test(const Report& report, const EndpointResults& endpoint, const Result& result) {
  const auto took = static_cast<std::int64_t>(std::llround(result.duration_ms));
  Json out;
  out["name"] = result.case_id;
  out["status"] = status(result);
  out["rawStatus"] = name(result.behavior);
  out["duration"] = took;
  out["start"] = milliseconds(result.started);
  out["stop"] = milliseconds(result.started) + took;
  out["suite"] = Json::array({clean_text(endpoint.name), group_of(result.case_id)});
  out["type"] = "conformance";
  if (result.behavior != Behavior::ok) out["message"] = clean_text(summary_text(report, result));
  if (is_bad(result)) out["trace"] = clean_text(details(report, result));
  if (result.flaky) out["flaky"] = true;
  if (!result.requirements.empty()) out["tags"] = result.requirements;
  out["extra"] = Json{{"agent", clean_text(endpoint.name)}, {"closing", name(result.closing)}, {"title", result.title}};
  if (!result.aliases.empty()) out["extra"]["aliases"] = result.aliases;
  // What passed needs no command: that of thousands of cases would be a quarter of the file.
  if (is_bad(result)) out["extra"]["replay"] = clean_text(result.replay);
  if (const Cause* cause = report.cause_of(result)) out["extra"]["cause"] = cause->number;
  return out;
}

Json causes_json(const Report& report) {
  Json out = Json::array();
  for (const EndpointResults& endpoint : report.endpoints()) {
    for (const Cause& cause : endpoint.causes.all())
      out.push_back(Json{{"agent", clean_text(endpoint.name)},
                         {"cause", cause.number},
                         {"id", cause.id},
                         {"verdict", name(cause.behavior)},
                         {"about", fmt::format("{}: {}", reach(cause), clean_text(in_words(report, cause)))},
                         {"replay", clean_text(cause.shortest->replay)}});
  }
  return out;
}

// An object without its braces.
std::string members(const Json& object) {
  const std::string text = write_json(object);
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::expected<void, FileError> render_ctrf(const Report& report, const Sink& sink) {
  const RunInfo& run = report.run();
  Json endpoints = Json::array();
  std::string tests;  // each as text at once: as values they take more memory
  std::size_t passes = 0, failures = 0, skips = 0, flaky = 0;
  for (const EndpointResults& endpoint : report.endpoints()) {
    endpoints.push_back(clean_text(endpoint.name));
    for (const Result* result : endpoint.results) {
      (is_bad(*result) ? failures : is_skipped(*result) ? skips : passes) += 1;
      flaky += result->flaky ? 1 : 0;
      tests += (tests.empty() ? "" : ",") + write_json(test(report, endpoint, *result));
    }
  }
  Json before, after;  // of the results, around the tests
  before["tool"] = Json{{"name", "Touchstone"}, {"version", run.version}};
  before["summary"] = Json{{"tests", passes + failures + skips},
                           {"passed", passes},
                           {"failed", failures},
                           {"skipped", skips},
                           {"pending", 0},
                           {"other", 0},
                           {"flaky", flaky},
                           {"start", milliseconds(run.start)},
                           {"stop", std::max(milliseconds(run.end), milliseconds(run.start))},
                           {"extra", Json{{"planned", run.planned}, {"complete", run.complete}}}};
  after["environment"] = Json{{"testEnvironment", run.machine},
                              {"extra", Json{{"endpoints", std::move(endpoints)},
                                             {"causes", causes_json(report)},
                                             {"profile", run.profile},
                                             {"catalogue", run.catalogue_hash},
                                             {"seed", run.seed}}}};
  Json out{{"reportFormat", "CTRF"}, {"specVersion", kSpecification}, {"generatedBy", "Touchstone"}};
  out["timestamp"] = format_time(run.end);
  return sink("ctrf.json", fmt::format("{{{},\"results\":{{{},\"tests\":[{}],{}}}}}\n", members(out), members(before),
                                       tests, members(after)));
}

}  // namespace touchstone
