#include "runner/cli/options/spec_file.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

SpecFile parsed(std::string_view text) {
  auto spec = parse_spec("f.json", text);
  if (!spec) throw std::runtime_error(spec.error());
  return *spec;
}

std::string refused(std::string_view text) {
  const auto spec = parse_spec("f.json", text);
  return spec ? "accepted" : spec.error();
}

// As Autobahn writes it into an empty folder.
constexpr const char* kAutobahnsOwn = R"({
   "outdir": "./reports/servers",
   "servers": [
      {"agent": "AutobahnServer", "url": "ws://127.0.0.1:9001", "options": {"version": 18}}
   ],
   "cases": ["*"],
   "exclude-cases": [],
   "exclude-agent-cases": {}
})";

TEST(SpecFile, ReadsAutobahnsOwnSample) {
  const SpecFile spec = parsed(kAutobahnsOwn);
  ASSERT_EQ(spec.servers.size(), 1u);
  EXPECT_EQ(spec.servers[0].agent, "AutobahnServer");
  EXPECT_EQ(spec.servers[0].url, "ws://127.0.0.1:9001");
  EXPECT_THAT(spec.cases, ElementsAre("*"));
  EXPECT_EQ(spec.outdir, "./reports/servers");
  EXPECT_THAT(spec.warnings, IsEmpty());
}

TEST(SpecFile, ReadsEverythingAboutAServer) {
  const SpecFile spec = parsed(R"({"servers": [{"url": "wss://h/", "hostname": "n", "origin": "http://o",
                                   "protocols": ["a", "b"], "options": {"failByDrop": false}}, {"url": "ws://i/"}]})");
  ASSERT_EQ(spec.servers.size(), 2u);
  EXPECT_EQ(spec.servers[0].hostname, "n");
  EXPECT_EQ(spec.servers[0].origin, "http://o");
  EXPECT_THAT(spec.servers[0].protocols, ElementsAre("a", "b"));
  EXPECT_EQ(spec.servers[1].url, "ws://i/");
  EXPECT_THAT(spec.warnings, IsEmpty());
}

TEST(SpecFile, NamesUnknownKeysAndGoesOn) {
  const SpecFile spec =
      parsed(R"({"servers": [{"url": "ws://h/", "orign": "x", "options": {"zap": 1}}], "outdirr": "x"})");
  EXPECT_THAT(spec.warnings, testing::UnorderedElementsAre(
                                 AllOf(HasSubstr("/outdirr: unknown key"), HasSubstr("did you mean \"outdir\"?")),
                                 AllOf(HasSubstr("/servers/0/orign: unknown key"), HasSubstr("\"origin\"")),
                                 HasSubstr("/servers/0/options/zap: unknown key")));
}

TEST(SpecFile, TellsWhereAndWhatIsWrong) {
  EXPECT_THAT(refused("[]"), HasSubstr("found []; allowed is an object"));
  EXPECT_THAT(refused("{}"), HasSubstr("/servers: found nothing"));
  EXPECT_THAT(refused(R"({"servers": []})"), HasSubstr("at least one server"));
  EXPECT_THAT(refused(R"({"servers": [{}]})"), HasSubstr("/servers/0/url: found nothing"));
  EXPECT_THAT(refused(R"({"servers": [{"url": 7}]})"), HasSubstr("/servers/0/url: found 7"));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h"}], "cases": "1.*"})"), HasSubstr("/cases: found \"1.*\""));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h"}], "cases": [1]})"), HasSubstr("/cases/0: found 1"));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h"}], "exclude-agent-cases": {"a": 1}})"),
              HasSubstr("/exclude-agent-cases/a: found 1"));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h", "options": {"version": 8}}]})"), HasSubstr("RFC 6455"));
}

TEST(SpecFile, NamesThePlaceOfAUrlThatIsNone) {
  const std::string told = refused(R"({"servers": [{"url": "ws://h"}, {"url": "http://h"}]})");
  EXPECT_THAT(told, HasSubstr("f.json: /servers/1/url: found \"http://h\""));
  EXPECT_THAT(told, HasSubstr("allowed is ws://"));
}

TEST(SpecFile, RefusesControlCharactersAndNamesTheirPlace) {
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://\u0000"}]})"), HasSubstr("f.json: /servers/0/url"));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h"}], "cases": ["1.*", "\u001b[31m"]})"),
              HasSubstr("f.json: /cases/1"));
  EXPECT_THAT(refused(R"({"servers": [{"url": "ws://h"}], "outdir": "a\u0000b"})"), HasSubstr("f.json: /outdir"));
}

TEST(SpecFile, RefusesWhatIsNotStrictJson) {
  EXPECT_THAT(refused("{"), HasSubstr("f.json"));
  EXPECT_THAT(refused(R"({"cases": [], "cases": []})"), HasSubstr("cases"));
}

TEST(SpecFile, ExcludesCasesByAgentGlob) {
  const SpecFile spec = parsed(R"({"servers": [{"url": "ws://h"}],
                                   "exclude-agent-cases": {"Foo*": ["1.*"], "*Bar": ["2.*"], "Baz": ["3.*"]}})");
  EXPECT_THAT(excluded_for(spec, "FooBar"), ElementsAre("1.*", "2.*"));
  EXPECT_THAT(excluded_for(spec, "Baz"), ElementsAre("3.*"));
  EXPECT_THAT(excluded_for(spec, "baz"), IsEmpty());
}

TEST(SpecFile, StarsOfAnAgentGlobDoNotOverlap) {
  const SpecFile spec = parsed(R"({"servers": [{"url": "ws://h"}],
                                   "exclude-agent-cases": {"a*a": ["1.*"], "*b*c": ["2.*"], "*a*a*a*a*a*a*a*a*x": ["3.*"]}})");
  EXPECT_THAT(excluded_for(spec, "a"), IsEmpty());
  EXPECT_THAT(excluded_for(spec, "aa"), ElementsAre("1.*"));
  EXPECT_THAT(excluded_for(spec, "bcbc"), ElementsAre("2.*"));
  EXPECT_THAT(excluded_for(spec, std::string(200, 'a')), ElementsAre("1.*"));
}

TEST(SpecFile, ErrorsAndWarningsStayOneLine) {
  EXPECT_THAT(refused("{\"a\nb\": 1"), Not(HasSubstr("\n")));
  const SpecFile spec = parsed(R"({"servers": [{"url": "ws://h"}], "a\nb": 1})");
  EXPECT_THAT(spec.warnings, ElementsAre(HasSubstr("/a\\x0ab: unknown key")));
}

}  // namespace
}  // namespace touchstone::cli
