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
  const Report report(sample.run, sample.results, sample.requirements);
  const auto done = renderer(format)->render(report, [&](const std::string& name, std::string_view content) {
    EXPECT_TRUE(files.emplace(name, content).second) << name << " is written twice";
    return std::expected<void, FileError>();
  });
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
                          "complete", "agents", "totals", "results", "requirements"})
    EXPECT_TRUE(report.contains(key)) << key;
  ASSERT_EQ(report["results"].size(), one().results.size());
  for (const char* key : {"case", "agent", "behavior", "closing", "requirements", "duration_ms", "flaky", "aliases",
                          "title", "summary", "findings", "file"})
    EXPECT_TRUE(report["results"][0].contains(key)) << key;
  EXPECT_FALSE(report["results"][0].contains("transcript"));
  EXPECT_EQ(report["totals"]["Node ws 8.18.0"]["FAILED"], 4);
  EXPECT_EQ(report["requirements"]["rfc6455-5.2-6"]["section"], "5.2");
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

TEST(Autobahn, KeepsTheCompleteTranscriptInItsFile) {
  const Json file = json_of(files_of_one("autobahn").at("node_ws_8_18_0_case_9_7_1.json"));
  const auto found = std::find_if(one().results.begin(), one().results.end(),
                                  [](const Result& result) { return result.case_id == "limits/many-messages/1"; });
  EXPECT_EQ(file["touchstone"]["transcript"]["entries"].size(), found->transcript.entries.size());
  EXPECT_TRUE(result_from_json(file["touchstone"]));
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
  EXPECT_EQ(count(xml, "<skipped "), 9U);
  EXPECT_EQ(count(xml, "<testsuite "), 9U) << "one a group";
  EXPECT_THAT(xml, HasSubstr(R"(name="close/code/7" classname="Node ws 8.18.0.close")"));
  EXPECT_THAT(xml, HasSubstr("RFC 6455 5.5.1 (rfc6455-5.5.1-10): expected a Close frame"));
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
}

TEST(Markdown, ListsWhatDeservesAttention) {
  const std::string text = files_of_one("markdown").at("summary.md");
  EXPECT_THAT(text, HasSubstr("| Node ws 8.18.0 | 495 | 2 | 8 | 8 | 1 | 4 | 1 |"));
  EXPECT_THAT(text, HasSubstr("**reserved/rsv/2** (3.2)"));
  EXPECT_THAT(text, HasSubstr("*(flaky)*"));
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(rendered("markdown", sample_run(1, false)).at("summary.md"),
              HasSubstr("This run is partial: 300 of 519"));
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
  ASSERT_TRUE(render_all(out, few().run, few().results, few().requirements));
  for (const char* name : {"report.json", "index.json", "junit.xml", "summary.md", "index.html"})
    EXPECT_TRUE(std::filesystem::exists(out / name)) << name;
  for (const auto& entry : std::filesystem::directory_iterator(out)) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST(RenderAll, SaysEveryErrorAndWritesTheRest) {
  const TestFolder folder;
  std::filesystem::create_directories(folder.path() / "junit.xml" / "in the way");
  const auto done = render_all(folder.path(), few().run, few().results, few().requirements);
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
  const Sample again{journal->run, journal->results, few().requirements};
  for (const Renderer& format : renderers())
    EXPECT_TRUE(rendered(format.name, again) == rendered(format.name, few())) << format.name;  // too long to print
}

TEST(Renderers, AreFoundByName) {
  for (const Renderer& format : renderers()) EXPECT_EQ(renderer(format.name), &format);
  EXPECT_EQ(renderer("pdf"), nullptr);
}

}  // namespace
}  // namespace touchstone
