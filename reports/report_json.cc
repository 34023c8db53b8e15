// report_json.cc - report.json: everything but the transcripts, for programs. Schema: reports/schema/report.json.
#include "reports/cause_json.h"
#include "reports/render.h"
#include "reports/result/result_json.h"

namespace touchstone {
namespace {

Json requirements_json(const Report& report) {
  Json out = Json::object();
  for (const auto& [id, text] : report.cited()) {
    out[std::string(id)] = Json{{"rfc", text->rfc},
                                {"section", text->section},
                                {"level", text->level},
                                {"binds", text->binds},
                                {"rule", text->rule}};
  }
  return out;
}

Json totals_json(const EndpointResults& endpoint) {
  Json out = Json::object();
  for (const std::string_view verdict :
       {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "NOT-APPLICABLE", "FAILED", "ERRORED"})
    out[std::string(verdict)] = 0;
  for (const Result* result : endpoint.results) {
    Json& count = out[std::string(name(result->behavior))];
    count = count.get<int>() + 1;
  }
  out["hidden"] = endpoint.causes.hidden();
  return out;
}

// A list with one element a line: readable, and small changes give small diffs. Each becomes text at once: as values
// those of some thousand cases take ten MiB more.
class Lines {
 public:
  void add(const Json& row) { text_ += (text_.empty() ? "[\n  " : ",\n  ") + write_json(row); }
  [[nodiscard]] std::string text() const { return text_.empty() ? "[]" : text_ + "\n ]"; }

 private:
  std::string text_;
};

}  // namespace

std::expected<void, FileError> render_report_json(const Report& report, const Sink& sink) {
  Json out = Json{{"report", 1}};
  out.update(to_json(report.run()));
  Json totals = Json::object();
  Lines results, causes;
  for (const EndpointResults& endpoint : report.endpoints()) {
    totals[endpoint.name] = totals_json(endpoint);
    for (const Cause& cause : endpoint.causes.all()) causes.add(to_json(report, endpoint.name, cause));
    for (const Result* result : endpoint.results) {
      Json row = to_json_without_transcript(*result);
      row["file"] = report.case_file(endpoint.name, autobahn_ids(*result).front());
      if (const Cause* cause = endpoint.causes.of(*result)) row["cause"] = cause->number;
      results.add(row);
    }
  }
  out["totals"] = std::move(totals);
  std::string text = "{";
  const auto member = [&](std::string_view key, const std::string& value) {
    text += text.size() == 1 ? "\n " : ",\n ";
    text += write_json(Json(key)) + ": " + value;
  };
  for (const auto& [key, value] : out.items()) member(key, write_json(value));
  member("causes", causes.text());
  member("results", results.text());
  member("requirements", write_json(requirements_json(report)));
  return sink("report.json", text + "\n}\n");
}

}  // namespace touchstone
