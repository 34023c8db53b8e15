// Files as people and programs write them: each group of the catalogue, the journal of the reports' sample run, spec
// files as Autobahn's documentation has them.
#include "fuzz/seeds/seeds.h"

#include "reports/journal.h"
#include "reports/result/result_json.h"
#include "reports/support/resources.h"

#include <fmt/format.h>

namespace fuzz {
namespace {

using namespace touchstone;

// One file for each group, with the axes that it names.
void seeds_of_groups(Corpus& corpus, std::string_view path, std::string_view text) {
  const Json file = Json::parse(text);
  if (!file.is_object() || !file.contains("groups")) return;
  for (const Json& group : file["groups"]) {
    Json one;
    one["suite"] = file["suite"];
    one["about"] = "One group.";
    if (group.dump().find("\"@") != std::string::npos && file.contains("axes")) one["axes"] = file["axes"];
    one["groups"] = Json::array({group});
    const auto id = group["id"].get<std::string>();
    corpus.add("case_file", fmt::format("{}-{}", std::filesystem::path(path).stem().string(), id),
               ws::as_octets(one.dump()));
  }
}

void seeds_of_journals(Corpus& corpus) {
  RunInfo run;
  run.version = "0.1.0";
  run.profile = "core";
  run.seed = run.jobs = 1;
  run.command_line = {"touchstone", "test"};
  run.endpoints = {{"reference", "ws://127.0.0.1:9001/", "touchstone"}};
  run.planned = 1;
  Json head = to_json(run);
  for (const char* later : {"end", "complete", "ended_because"}) head.erase(later);
  const std::string header = Json{{"journal", kJournalFormat}, {"run", head}}.dump() + "\n";
  Result result;
  result.case_id = "close/x";
  result.title = "A title";
  result.endpoint = "reference";
  result.behavior = Behavior::non_strict;
  result.findings = {{Finding::Weight::weak, "rfc6455-5.5.1-10", "a Close", "the end of TCP"}};
  Entry close;
  close.kind = Entry::Kind::frame;
  close.opcode = 8;
  close.length = 2;
  close.octets = "\x03\xe8";
  result.transcript.entries = {close, Entry{}};
  Json line;
  line["result"] = to_json(result);
  const std::string body = line.dump() + "\n";
  result.flaky = true;
  result.other_transcript = result.transcript;
  line["result"] = to_json(result);
  const std::string footer =
      R"({"footer":{"end":"2026-01-01T00:00:00.000Z","complete":true,"ended_because":"","results":1}})"
      "\n";
  corpus.add("journal", "whole", ws::as_octets(header + body + footer));
  corpus.add("journal", "cut-off", ws::as_octets(header + body));
  corpus.add("journal", "torn", ws::as_octets(header + body.substr(0, body.size() / 2)));
  corpus.add("journal", "flaky", ws::as_octets(header + line.dump() + "\n"));
  corpus.add("journal", "header", ws::as_octets(header + footer));
}

constexpr std::string_view kSpecs[] = {
    R"({"servers": [{"url": "ws://127.0.0.1:9001"}], "cases": ["*"], "exclude-cases": ["9.*", "12.*"]})",
    R"({"outdir": "./reports", "servers": [{"agent": "A", "url": "wss://localhost:1/x", "hostname": "h", "origin": "o",
        "protocols": ["chat"], "options": {"version": 18, "failByDrop": false}}],
        "exclude-agent-cases": {"A*": ["1.1.1"], "*B*": ["2.*"]}, "options": {"version": 13}})",
    R"({"servers": [], "cases": null})", R"({"servers": [{"url": "ws://a"}, {"ulr": 1}], "case": 1})"};

}  // namespace

void seeds_of_files(Corpus& corpus) {
  for (const Resource& resource : resources())
    if (resource.path.starts_with("cases/") && resource.path.ends_with(".json"))
      seeds_of_groups(corpus, resource.path, resource.content);
  seeds_of_journals(corpus);
  int n = 0;
  for (const std::string_view spec : kSpecs) corpus.add("spec_file", fmt::format("spec-{}", n++), ws::as_octets(spec));
}

}  // namespace fuzz
