#include "reports/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/journal.h"
#include "reports/result/result_json.h"
#include "reports/testing/folder.h"
#include "reports/testing/sample.h"

namespace touchstone {
namespace {

using testing::HasSubstr;
using testing::Not;

// The files that one renderer makes of the sample.
std::map<std::string, std::string> rendered(std::string_view format, const Sample& sample) {
  std::map<std::string, std::string> files;
  const Report report(sample.run, sample.results, sample.texts);
  const Sink sink([&](const std::string& name, std::string_view content) {
    EXPECT_TRUE(files.emplace(name, content).second) << name << " is written twice";
    return std::expected<void, FileError>();
  });
  const auto done = renderer(format)->render(report, sink);
  EXPECT_TRUE(done);
  return files;
}

const Sample& one() {
  static const Sample sample = sample_run(1);
  return sample;
}

// Every tenth of its results: for what does not depend on how many there are.
const Sample& few() {
  static const Sample sample = [] {
    Sample less = one();
    std::size_t n = 0;
    std::erase_if(less.results, [&](const Result&) { return n++ % 10 != 0; });
    less.run.planned = less.results.size();
    return less;
  }();
  return sample;
}

// The files that it makes of one(). Rendered once: the sample is large.
const std::map<std::string, std::string>& files_of_one(std::string_view format) {
  static std::map<std::string_view, std::map<std::string, std::string>> made;
  const auto found = made.find(format);
  return found != made.end() ? found->second
                             : made.emplace(renderer(format)->name, rendered(format, one())).first->second;
}

Json json_of(const std::string& text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return parsed ? *parsed : Json();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST(ReportJson, HasItsStableFaces) {
  const Json report = json_of(files_of_one("json").at("report.json"));
  for (const char* key : {"report", "version", "catalogue_hash", "machine", "profile", "seed", "start", "end",
                          "complete", "agents", "totals", "causes", "results", "requirements"})
    EXPECT_TRUE(report.contains(key)) << key;
  ASSERT_EQ(report["results"].size(), one().results.size());
  for (const char* key : {"case", "agent", "behavior", "closing", "requirements", "duration_ms", "flaky", "aliases",
                          "title", "summary", "findings", "file"})
    EXPECT_TRUE(report["results"][0].contains(key)) << key;
  EXPECT_FALSE(report["results"][0].contains("transcript"));
  EXPECT_EQ(report["totals"]["Node ws 8.18.0"]["FAILED"], 4);
  EXPECT_EQ(report["totals"]["Node ws 8.18.0"]["hidden"], 2);
  EXPECT_EQ(report["requirements"]["rfc6455-5.2-6"]["section"], "5.2");
}

TEST(ReportJson, CausesAndResultsNameEachOther) {
  const Json report = json_of(files_of_one("json").at("report.json"));
  std::map<std::string, Json> results;
  for (const Json& result : report["results"]) results[result["case"]] = result;
  ASSERT_EQ(report["causes"].size(), 7U) << "four FAILED, one ERRORED, two NON-STRICT";
  std::size_t told = 0;
  for (const Json& cause : report["causes"]) {
    EXPECT_EQ(results.at(cause["shortest"])["cause"], cause["number"]);
    for (const char* list : {"cases", "hides"}) told += cause[list].size();
    for (const Json& id : cause["hides"]) EXPECT_EQ(results.at(id)["hidden"], true);
  }
  EXPECT_EQ(told, 4U + 1U + 2U + 2U);
  EXPECT_EQ(report["causes"][0]["id"], "rfc6455-5.6-4/message-refused/1009");
  EXPECT_EQ(report["causes"][0]["hides"].size(), 2U);
  EXPECT_FALSE(results.at("framing/text-length/1").contains("cause"));
}

// No reader may be told that a broken MUST is NON-STRICT: where a choice decides, its reason stands for the level.
TEST(EveryFormat, SaysTheReasonOfAChoiceInPlaceOfTheLevel) {
  const std::string reason = "C-30: the RFC says that the connection fails, and not how early";
  for (const std::string_view format : {"json", "junit", "markdown", "github", "sarif", "html"}) {
    std::string all;
    for (const auto& [name, content] : files_of_one(format)) all += content;
    EXPECT_THAT(all, HasSubstr(reason)) << format;
  }
}

TEST(ReportJson, IsJsonWithoutResultsToo) {
  Sample empty;
  EXPECT_EQ(json_of(rendered("json", empty).at("report.json"))["results"].size(), 0U);
}

TEST(Autobahn, HasARowAndAFileForEachOfItsIds) {
  const auto files = files_of_one("autobahn");
  const Json index = json_of(files.at("index.json"));
  const Json& rows = index["Node ws 8.18.0"];
  EXPECT_EQ(rows.size(), one().results.size());
  for (const auto& [id, row] : rows.items()) {
    if (row["reportfile"].get<std::string>() == kJournalName)
      EXPECT_THAT(row["behavior"].get<std::string>(), testing::AnyOf("OK", "INFORMATIONAL", "UNIMPLEMENTED")) << id;
    else
      EXPECT_TRUE(files.contains(row["reportfile"])) << id;
    EXPECT_TRUE(row["duration"].is_number_integer());
    EXPECT_TRUE(row["remoteCloseCode"].is_null() || row["remoteCloseCode"].is_number_integer());
    EXPECT_THAT(row["behavior"].get<std::string>(),
                testing::AnyOf("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"));
  }
  EXPECT_TRUE(rows.contains("7.7.7"));
  EXPECT_TRUE(rows.contains("resources/after-attack/1")) << "a case without an Autobahn id has ours";
  EXPECT_EQ(rows["resources/after-attack/5"]["behavior"], "UNIMPLEMENTED") << "Autobahn has no NOT-APPLICABLE";
}

TEST(Autobahn, HasItsKeysInEachCaseFile) {
  const std::set<std::string> keys = {"agent",
                                      "behavior",
                                      "behaviorClose",
                                      "case",
                                      "closedByMe",
                                      "createStats",
                                      "createWirelog",
                                      "description",
                                      "droppedByMe",
                                      "duration",
                                      "expectation",
                                      "expected",
                                      "expectedClose",
                                      "failedByMe",
                                      "httpRequest",
                                      "httpResponse",
                                      "id",
                                      "isServer",
                                      "localCloseCode",
                                      "localCloseReason",
                                      "received",
                                      "remoteCloseCode",
                                      "remoteCloseReason",
                                      "reportCompressionRatio",
                                      "reportTime",
                                      "result",
                                      "resultClose",
                                      "rxFrameStats",
                                      "rxOctetStats",
                                      "started",
                                      "trafficStats",
                                      "txFrameStats",
                                      "txOctetStats",
                                      "wasClean",
                                      "wasCloseHandshakeTimeout",
                                      "wasNotCleanReason",
                                      "wasOpenHandshakeTimeout",
                                      "wasServerConnectionDropTimeout",
                                      "wirelog",
                                      "touchstone"};
  for (const auto& [name, content] : files_of_one("autobahn")) {
    if (name == "index.json") continue;
    std::set<std::string> found;
    const Json file = json_of(content);
    for (const auto& [key, value] : file.items()) found.insert(key);
    EXPECT_EQ(found, keys) << name;
  }
}

TEST(Autobahn, HasNoFileForACaseOfOursInWhichNothingWasFound) {
  Sample run = one();
  for (Result& result : run.results) {
    if (result.case_id != "resources/after-attack/1") continue;
    result.behavior = Behavior::ok;
    result.flaky = result.hidden = false;
    result.findings.clear();
  }
  const auto file_of = [&] {
    const auto files = rendered("autobahn", run);
    return json_of(files.at("index.json"))["Node ws 8.18.0"]["resources/after-attack/1"]["reportfile"]
        .get<std::string>();
  };
  EXPECT_EQ(file_of(), kJournalName);
  for (Result& result : run.results) result.transcript.whole = true;  // --keep-all
  EXPECT_EQ(file_of(), "node_ws_8_18_0_case_resources_after_attack_1.json");
}

TEST(Autobahn, WritesTheWireAsItDoes) {
  const Json file = json_of(files_of_one("autobahn").at("node_ws_8_18_0_case_2_10.json"));
  EXPECT_EQ(file["id"], "2.10");
  EXPECT_EQ(file["httpResponse"].get<std::string>().substr(0, 36), "HTTP/1.1 101 Switching Protocols\r\nUp");
  EXPECT_EQ(file["wirelog"].size(), 13U);
  const Json& sent = file["wirelog"][0];
  EXPECT_EQ(sent[0], "TF");
  EXPECT_EQ(sent[1].dump(), R"([6,"ping 1"])");
  EXPECT_EQ(sent[2], 9);
  EXPECT_EQ(sent[3], true);
  EXPECT_EQ(file["wirelog"][10].dump(), R"(["RF",[7,"ping 10"],10,true,0,false,null])");
  EXPECT_EQ(file["received"].dump(), R"([["pong","ping 10"]])");
  EXPECT_EQ(file["closedByMe"], true);
  EXPECT_EQ(file["wasClean"], true);
  EXPECT_EQ(file["rxFrameStats"].dump(), R"({"8":1,"10":1})");
}

TEST(Autobahn, KeepsTheTranscriptInItsFileWhereSomethingWasFound) {
  const auto files = files_of_one("autobahn");
  const Json found = json_of(files.at("node_ws_8_18_0_case_7_7_7.json"));
  const auto result =
      std::ranges::find(one().results, found["touchstone"]["case"].get<std::string>(), &Result::case_id);
  ASSERT_NE(result, one().results.end());
  EXPECT_EQ(found["touchstone"]["transcript"]["entries"].size(), result->transcript.entries.size());
  EXPECT_TRUE(result_from_json(found["touchstone"]));
  const Json quiet = json_of(files.at("node_ws_8_18_0_case_9_7_1.json"));
  EXPECT_FALSE(quiet["touchstone"].contains("transcript")) << "the journal has it";
  EXPECT_FALSE(quiet["wirelog"].empty());
}

TEST(Autobahn, TellsATimeoutOfTheClosingHandshake) {
  const Json file = json_of(files_of_one("autobahn").at("node_ws_8_18_0_case_7_7_7.json"));
  EXPECT_EQ(file["wasCloseHandshakeTimeout"], true);
  EXPECT_EQ(file["wasServerConnectionDropTimeout"], false);
  EXPECT_EQ(file["wasClean"], false);
  EXPECT_EQ(file["wirelog"].back().dump(), R"(["KLE"])");
}

TEST(Junit, CountsWhatItLists) {
  const std::string xml = files_of_one("junit").at("junit.xml");
  EXPECT_EQ(count(xml, "<testcase "), one().results.size());
  EXPECT_EQ(count(xml, "<failure "), 4U);
  EXPECT_EQ(count(xml, "<error "), 1U);
  EXPECT_EQ(count(xml, "<skipped "), 11U);
  EXPECT_EQ(count(xml, "<testsuite "), 9U) << "one a group";
  EXPECT_THAT(xml, HasSubstr(R"(name="close/code/7" classname="Node ws 8.18.0.close")"));
  EXPECT_THAT(xml, HasSubstr("rfc6455-5.5.1-10: RFC 6455 5.5.1, MUST\n  rule: A received close"));
  EXPECT_THAT(xml, HasSubstr("expected: a Close frame\n  seen: nothing, until the tester gave up"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"hidden by cause 1: Closed with 1009"));
  EXPECT_THAT(
      xml, HasSubstr("name=\"touchstone.cause.1\" value=\"FAILED rfc6455-5.6-4/message-refused/1009: explains 1 case, "
                     "hides 2 (RFC 6455 5.6, MUST)"));
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
}

TEST(Markdown, ListsCausesAndTheCaseThatShowsEach) {
  const std::string text = files_of_one("markdown").at("summary.md");
  EXPECT_THAT(text, HasSubstr("| Node ws 8.18.0 | 493 | 2 | 8 | 8 | 3 | 4 | 1 |"));
  EXPECT_THAT(text, HasSubstr("7 causes explain 7 cases (4 FAILED, 1 ERRORED, 2 NON-STRICT) and hide 2 more."));
  EXPECT_THAT(text, HasSubstr("#### FAILED: cause 1 explains 1 case, hides 2"));
  EXPECT_THAT(text, HasSubstr("- shortest: **reserved/rsv/2** (3.2), A reserved bit"));
  EXPECT_THAT(text, HasSubstr("<details><summary>2 hidden cases</summary>"));
  EXPECT_THAT(text, HasSubstr("*(flaky)*"));
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(rendered("markdown", sample_run(1, false)).at("summary.md"),
              HasSubstr("This run is partial: 300 of 519"));
}

TEST(Sarif, HasARuleForEachRequirementAndKind) {
  const Json sarif = json_of(files_of_one("sarif").at("results.sarif"));
  const Json& run = sarif["runs"][0];
  std::set<std::string> rules;
  for (const Json& rule : run["tool"]["driver"]["rules"]) rules.insert(rule["id"]);
  EXPECT_TRUE(rules.contains("rfc6455-5.2-6/violation-accepted"));
  EXPECT_TRUE(rules.contains("touchstone-errored"));
  EXPECT_EQ(run["properties"]["causes"].size(), 7U);
  std::size_t hidden = 0;
  for (const Json& result : run["results"]) hidden += result["properties"].contains("hiddenBy") ? 1 : 0;
  EXPECT_EQ(hidden, 2U);
}

TEST(GitHub, HasOneAnnotationForEachCause) {
  const std::string text = files_of_one("github").at("github-annotations.txt");
  EXPECT_EQ(count(text, "::error "), 5U);
  EXPECT_EQ(count(text, "::warning "), 2U);
  EXPECT_THAT(text, HasSubstr("::Cause 1 explains 1 case, hides 2: Message type is preserved"));
}

TEST(Page, NeverLetsAnEndpointEndTheScript) {
  const std::string page = rendered("html", sample_run(2)).at("index.html");
  EXPECT_EQ(count(page, "<script"), count(page, "</script>"));
  EXPECT_EQ(count(page, "<script"), 2U + 2U) << "data, code, and the details of each endpoint";
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
}

TEST(Page, IsThereWithoutResults) {
  Sample empty;
  EXPECT_THAT(rendered("html", empty).at("index.html"), HasSubstr("\"results\":[]"));
}

TEST(RenderAll, WritesEveryFormatAndNoTemporaryFile) {
  const TestFolder folder;
  const auto out = folder.path() / "new" / "report";
  ASSERT_TRUE(render_all(out, few().run, few().results, few().texts));
  for (const char* name : {"report.json", "index.json", "junit.xml", "summary.md", "index.html"})
    EXPECT_TRUE(std::filesystem::exists(out / name)) << name;
  for (const auto& entry : std::filesystem::directory_iterator(out)) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST(RenderAll, SaysEveryErrorAndWritesTheRest) {
  const TestFolder folder;
  std::filesystem::create_directories(folder.path() / "junit.xml" / "in the way");
  const auto done = render_all(folder.path(), few().run, few().results, few().texts);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error(), HasSubstr("cannot write " + (folder.path() / "junit.xml").string()));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "index.html"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "index.json"));
}

TEST(RenderAll, GivesTheSameFromTheJournal) {
  const TestFolder folder;
  auto writer = JournalWriter::open(folder.path(), few().run);
  ASSERT_TRUE(writer);
  std::vector<Result> shuffled = few().results;
  std::reverse(shuffled.begin(), shuffled.end());
  for (const Result& result : shuffled) ASSERT_TRUE(writer->add(result));
  ASSERT_TRUE(writer->finish(few().run));
  const auto journal = read_journal(folder.path());
  ASSERT_TRUE(journal) << journal.error();
  const Sample again{journal->run, journal->results, few().texts};
  for (const Renderer& format : renderers())
    EXPECT_TRUE(rendered(format.name, again) == rendered(format.name, few())) << format.name;  // too long to print
}

TEST(Renderers, AreFoundByName) {
  for (const Renderer& format : renderers()) EXPECT_EQ(renderer(format.name), &format);
  EXPECT_EQ(renderer("pdf"), nullptr);
}

}  // namespace
}  // namespace touchstone
