// page.cc - index.html: one page that needs nothing but itself. The parts in reports/page/ are joined here with the
// results as JSON. Details of a case (transcript, findings in words) are one line each in a block per endpoint,
// packed (they are nine tenths of all); the page unpacks a block, and parses a line, when somebody opens a case.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/result/result_json.h"
#include "reports/support/packed.h"
#include "reports/support/page_template.h"
#include "reports/support/resources.h"
#include "reports/text.h"

namespace touchstone {
namespace {

// What the page keeps of a transcript; the case's own JSON file has more. A reader of a case that is OK seldom looks
// at its octets, and there are many such cases.
struct Extent {
  std::size_t first, last;     // entries
  std::size_t payload, total;  // octets: of one payload, and of all; then kShortPayload of each further one
};
constexpr Extent kOfQuiet{24, 10, 256, 768}, kOfTrouble{40, 20, 256, 8192};
constexpr std::size_t kShortPayload = 24;
constexpr std::size_t kHeadOctets = 4096;

constexpr std::array<std::string_view, 5> kStyles{"theme.css", "page.css", "case.css", "causes.css",
                                                  "requirements.css"};
constexpr std::array<std::string_view, 11> kScripts{"dom.js",    "model.js",        "state.js", "wire.js",
                                                    "case.js",   "causes.js",       "cases.js", "overview.js",
                                                    "matrix.js", "requirements.js", "main.js"};

using Numbers = std::map<std::string_view, std::size_t>;

// `payload`: what is shown of it.
Json compact(const Entry& entry, std::size_t index, std::string_view payload) {
  Json out{{"i", index}, {"t", entry.at_us}, {"d", name(entry.direction).substr(0, 1)}, {"k", name(entry.kind)}};
  if (entry.kind == Entry::Kind::frame) {
    out["o"] = entry.opcode;
    out["f"] = entry.fin ? 1 : 0;
    if (entry.rsv != 0) out["v"] = entry.rsv;
    if (entry.mask) out["m"] = fmt::format("{:08x}", *entry.mask);
  }
  const std::uint64_t length =
      entry.kind == Entry::Kind::frame ? entry.length : std::max<std::uint64_t>(entry.length, entry.octets.size());
  if (length != 0) out["l"] = length;
  if (entry.same_as) out["s"] = *entry.same_as;
  if (!payload.empty() && !entry.same_as) out["x"] = to_hex(payload);
  if (!entry.note.empty()) out["n"] = entry.note;
  if (entry.repeated != 1) out["r"] = entry.repeated;
  if (!entry.connection.empty()) out["c"] = said(entry.connection);
  return out;
}

Json compact(const Transcript& transcript, const Extent& extent) {
  Json entries = Json::array();
  const std::size_t size = transcript.entries.size();
  const bool cut = size > extent.first + extent.last;
  std::size_t left = extent.total;
  // Not more than a journal has, so that a report made from it later is the same.
  const std::vector<std::string_view> written = shortened_octets(transcript);
  for (std::size_t i = 0; i < size; ++i) {
    if (cut && i == extent.first) i = size - extent.last;
    const std::size_t most = left >= extent.payload ? extent.payload : kShortPayload;
    const std::string_view payload = written[i].substr(0, most);
    left -= std::min(left, payload.size());
    entries.push_back(compact(transcript.entries[i], i, payload));
  }
  Json out{{"request", transcript.request.substr(0, kHeadOctets)},
           {"response", transcript.response.substr(0, kHeadOctets)},
           {"sent", {transcript.octets_sent, transcript.frames_sent}},
           {"received", {transcript.octets_received, transcript.frames_received}},
           {"entries", std::move(entries)}};
  if (cut) out["left_out"] = size - extent.first - extent.last;
  if (transcript.cut) out["cut"] = true;
  return out;
}

// The line of one result: what is read only when the case is opened.
Json details(const Report& report, const Result& result, const Numbers& requirements) {
  Json findings = Json::array();
  for (const Finding& finding : result.findings) {
    const auto number = requirements.find(finding.requirement);
    findings.push_back(
        Json::array({name(finding.weight), number == requirements.end() ? -1 : static_cast<int>(number->second),
                     finding.expected, finding.seen, report.why_it_weighs(finding)}));
  }
  const Extent& extent = result.behavior == Behavior::ok && !result.flaky ? kOfQuiet : kOfTrouble;
  Json out{{"expectation", result.expectation},
           {"findings", std::move(findings)},
           {"replay", result.replay},
           {"started", format_time(result.started)},
           {"clean", result.clean},
           {"peer_closed_first", result.closed_by_peer_first},
           {"peer_dropped", result.dropped_by_peer},
           {"transcript", compact(result.transcript, extent)}};
  if (!result.bugs.empty()) out["bugs"] = result.bugs;
  if (result.local_close_code) out["local_code"] = *result.local_close_code;
  if (result.remote_close_code) out["remote_code"] = *result.remote_close_code;
  if (!result.remote_close_reason.empty()) out["remote_reason"] = result.remote_close_reason;
  if (result.other_transcript) out["other_transcript"] = compact(*result.other_transcript, extent);
  return out;
}

// Numbers for all requirements that results cite, known by text or not, and for all that a peer can see.
Numbers number_requirements(const Report& report) {
  Numbers numbers;
  for (const auto& [id, text] : report.texts())
    if (text.in_question) numbers.emplace(id, 0);
  for (const EndpointResults& endpoint : report.endpoints()) {
    for (const Result* result : endpoint.results) {
      for (const std::string& id : result->requirements) numbers.emplace(id, 0);
      for (const Finding& finding : result->findings)
        if (!finding.requirement.empty()) numbers.emplace(finding.requirement, 0);
    }
  }
  std::size_t next = 0;
  for (auto& [id, number] : numbers) number = next++;
  return numbers;
}

// The rule, and for those that a peer can see what the catalogue has of it.
Json requirement_json(std::string_view id, const RequirementText* text) {
  if (text == nullptr) return Json::array({id});
  Json out = Json::array({id, text->rfc, text->section, text->level, text->rule, text->binds});
  if (text->in_question)
    out.push_back(Json::array({text->covered ? 1 : 0, text->cases, text->autobahn, text->uncovered}));
  return out;
}

Json requirements_json(const Report& report, const Numbers& numbers) {
  Json out = Json::array();
  for (const auto& [id, number] : numbers) out.push_back(requirement_json(id, report.requirement(id)));
  return out;
}

// All cases of all endpoints, each once, in reading order.
std::vector<const Result*> distinct_cases(const Report& report, Numbers& numbers) {
  std::vector<const Result*> cases;
  for (const EndpointResults& endpoint : report.endpoints())
    for (const Result* result : endpoint.results)
      if (numbers.emplace(result->case_id, cases.size()).second) cases.push_back(result);
  return cases;
}

Json row(const Report& report, const Result& result, const Numbers& cases, const Numbers& requirements) {
  Json findings = Json::array();
  for (const Finding& finding : result.findings) {
    const auto number = requirements.find(finding.requirement);
    if (number != requirements.end()) findings.push_back(Json::array({name(finding.weight), number->second}));
  }
  const Cause* cause = report.cause_of(result);
  return Json::array({cases.at(result.case_id), name(result.behavior), name(result.closing), result.duration_ms,
                      result.flaky ? 1 : 0, result.summary, std::move(findings),
                      report.case_file(result.endpoint, autobahn_ids(result).front()), cause ? cause->number : 0,
                      result.hidden ? 1 : 0});
}

// Results are told by their place among those of the endpoint.
Json causes_json(const Report& report, const EndpointResults& endpoint, const Numbers& requirements) {
  std::map<const Result*, std::size_t> places;
  for (const Result* result : endpoint.results) places.emplace(result, places.size());
  const auto places_of = [&](const std::vector<const Result*>& results) {
    Json out = Json::array();
    for (const Result* result : results) out.push_back(places.at(result));
    return out;
  };
  Json out = Json::array();
  for (const Cause& cause : endpoint.causes.all()) {
    const auto number = requirements.find(cause.finding.requirement);
    out.push_back(Json{{"id", cause.id},
                       {"verdict", name(cause.behavior)},
                       {"requirement", number == requirements.end() ? -1 : static_cast<int>(number->second)},
                       {"words", in_words(report, cause)},
                       {"why", report.why_it_weighs(cause.finding)},
                       {"reach", reach(cause)},
                       {"expected", cause.finding.expected},
                       {"seen", cause.finding.seen},
                       {"cases", places_of(cause.cases)},
                       {"hidden", places_of(cause.hidden)},
                       {"shortest", places.at(cause.shortest)},
                       {"replay", cause.shortest->replay}});
  }
  return out;
}

Json page_data(const Report& report, const Numbers& requirements) {
  Numbers case_numbers;
  Json cases = Json::array(), endpoints = Json::array(), results = Json::array();
  Json causes = Json::array();
  for (const Result* result : distinct_cases(report, case_numbers)) {
    Json cited = Json::array();
    for (const std::string& id : result->requirements) cited.push_back(requirements.at(id));
    cases.push_back(Json::array({result->case_id, result->aliases, result->title, std::move(cited)}));
  }
  for (const EndpointResults& endpoint : report.endpoints()) {
    Json shown{{"name", endpoint.name}, {"headline", headline(endpoint.causes)}};
    causes.push_back(causes_json(report, endpoint, requirements));
    for (const RunInfo::Endpoint& known : report.run().endpoints) {
      if (known.name != endpoint.name) continue;
      shown["url"] = known.url;
      shown["server"] = known.server_field;
    }
    endpoints.push_back(std::move(shown));
    Json of_endpoint = Json::array();
    for (const Result* result : endpoint.results)
      of_endpoint.push_back(row(report, *result, case_numbers, requirements));
    results.push_back(std::move(of_endpoint));
  }
  Json run = to_json(report.run());
  run.erase("agents");
  run["notice"] = partial_notice(report);
  return Json{{"run", std::move(run)},
              {"agents", std::move(endpoints)},
              {"requirements", requirements_json(report, requirements)},
              {"causes", std::move(causes)},
              {"cases", std::move(cases)},
              {"results", std::move(results)}};
}

std::string details_blocks(const Report& report, const Numbers& requirements) {
  std::string out;
  for (std::size_t i = 0; i < report.endpoints().size(); ++i) {
    std::string lines;
    for (const Result* result : report.endpoints()[i].results)
      lines += write_json(details(report, *result, requirements)) + "\n";
    out += fmt::format("<script type=\"text/plain\" id=\"details-{}\">{}</script>\n", i, packed(lines));
  }
  return out;
}

template <std::size_t N>
std::string joined(const std::array<std::string_view, N>& parts) {
  std::string out;
  for (const std::string_view part : parts) out += resource(fmt::format("reports/page/{}", part));
  return out;
}

}  // namespace

std::expected<void, FileError> render_page(const Report& report, const Sink& sink) {
  const Numbers requirements = number_requirements(report);
  std::string title;
  for (const EndpointResults& endpoint : report.endpoints())
    title += (title.empty() ? "" : ", ") + xml_escape(endpoint.name);
  return sink("index.html", fill_template(resource("reports/page/page.html"),
                                          {{"title", title},
                                           {"styles", joined(kStyles)},
                                           {"scripts", joined(kScripts)},
                                           {"data", json_for_script(page_data(report, requirements))},
                                           {"details", details_blocks(report, requirements)}}));
}

}  // namespace touchstone
