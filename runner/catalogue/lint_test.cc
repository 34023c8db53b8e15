#include "runner/catalogue/lint.h"

#include "reports/support/resources.h"
#include "runner/catalogue/format.h"
#include "runner/catalogue/title_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using ::testing::IsEmpty;

std::string file(std::string_view group) {
  const auto text = fmt::format(R"({{"suite": "s", "about": "a", "groups": [{}]}})", group);
  return formatted("s.json", text).value_or(text);
}

std::string group(std::string_view id, std::string_view title, std::string_view steps, std::string_view extra = "") {
  return fmt::format(R"({{"id": "{}", "title": "{}", "requirements": ["rfc6455-5.5-2"], {} "steps": {}}})", id, title,
                     extra, steps);
}

bool tells(const std::vector<CaseFileError>& faults, std::string_view pointer, std::string_view found) {
  return std::ranges::any_of(faults, [&](const CaseFileError& fault) {
    return fault.pointer == pointer && fault.found.find(found) != std::string::npos;
  });
}

constexpr std::string_view kPing = R"([{"frame": "ping", "payload": "abc"}])";

TEST(Lint, IsSilentOnAGoodFile) {
  EXPECT_THAT(lint("s.json", file(group("a", "A Ping of 3 octets", kPing))), IsEmpty());
}

TEST(Lint, TellsWhatTheLoaderTells) {
  EXPECT_TRUE(tells(lint("s.json", file(R"({"id": "a"})")), "/groups/0", "no key 'title'"));
}

TEST(Lint, WantsTheSuiteNamedLikeTheFile) {
  EXPECT_TRUE(tells(lint("cases/t.json", file(group("a", "A Ping", kPing))), "/suite", "'s'"));
}

TEST(Lint, WantsRequirementsThatExist) {
  auto text = file(group("a", "A Ping", kPing));
  text.replace(text.find("5.5-2"), 5, "5.5-0");
  EXPECT_TRUE(tells(lint("s.json", text), "/groups/0/requirements", "rfc6455-5.5-0"));
}

TEST(Lint, WantsTitlesThatTellCasesApart) {
  const auto sweep = R"("tags": ["{n}"], "sweep": [[{"n": 1}, {"n": 2}]],)";
  EXPECT_TRUE(
      tells(lint("s.json", file(group("{n}", "A Ping", kPing, sweep))), "/groups/0/title", "title 'A Ping' of s/1"));
}

TEST(Lint, WantsEveryAxisInTheId) {
  const auto sweep = R"("tags": ["{n}"], "note": "{m}", "sweep": [[{"n": 1}, {"n": 2}], [{"m": 1}, {"m": 2}]],)";
  const auto faults = lint("s.json", file(group("{n}", "A Ping {n}", kPing, sweep)));
  EXPECT_TRUE(tells(faults, "/groups/0/id", "'s/1' twice"));
}

TEST(Lint, HoldsTitlesAgainstSteps) {
  const struct {
    const char* title;
    const char* steps;
    bool good;
  } kRows[] = {
      {"A Ping with RSV1 set", R"([{"frame": "binary", "rsv": 6}])", false},  // Autobahn's 3.6
      {"A Ping with RSV1 set", R"([{"frame": "ping", "rsv": 6}])", true},
      {"A Ping with RSV3 set", R"([{"frame": "ping", "rsv": 6}])", false},
      {"Two Pings", R"([{"frame": "ping"}])", true},
      {"A Pong", R"([{"frame": "ping"}])", false},
      {"A Close", R"([{"close": null}])", true},
      {"A Close", R"([{"message": "text"}])", false},
      {"The opcode 11", R"([{"frame": 11}])", true},
      {"The opcode 12", R"([{"frame": 11}])", false},
      {"The status code 1000", R"([{"close": 1000}])", true},
      {"The status code 1000", R"([{"frame": "close", "payload": {"hex": "03e8"}}])", true},
      {"The status code 1001", R"([{"close": 1000}])", false},
      {"A binary message of 5 octets", R"([{"message": "binary", "payload": {"fill": "x", "len": 5}}])", true},
      {"A binary message of 5 bytes", R"([{"message": "binary", "payload": {"fill": "x", "len": 5}}])", true},
      {"A binary message of 6 bytes", R"([{"message": "binary", "payload": {"fill": "x", "len": 5}}])", false},
      {"A binary message of 6 octets", R"([{"message": "binary", "payload": {"fill": "x", "len": 5}}])", false},
      {"A binary message", R"([{"message": "text"}])", false},
      {"Text in fragments of 2 octets", R"([{"message": "text", "payload": "abc", "fragment": 2}])", true},
      {"Text in fragments", R"([{"message": "text", "payload": "abc"}])", false},
      {"Ends with a period.", R"([{"message": "text"}])", false},
      {"", R"([{"message": "text"}])", false},
  };
  for (const auto& row : kRows) {
    const auto loaded = load_cases("s.json", file(group("a", row.title, row.steps)));
    ASSERT_TRUE(loaded.has_value()) << row.title << loaded.error()[0].text();
    EXPECT_EQ(title_complaints(loaded->at(0)).empty(), row.good) << row.title << " " << row.steps;
  }
}

TEST(Lint, WantsTheCanonicalForm) {
  auto text = file(group("a", "A Ping", kPing));
  EXPECT_EQ(formatted("s.json", text), text);
  text.insert(text.find("\"about\""), "\n");
  const auto faults = lint("s.json", text);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].found, "line 3 not in canonical form");
  EXPECT_EQ(formatted("s.json", "{"), std::nullopt);
  EXPECT_EQ(formatted("s.json", R"({"a": 1, "a": 2})"), std::nullopt);
}

TEST(Lint, ComparesFilesWithEachOther) {
  const auto one = file(group("a", "A Ping", kPing, R"("aliases": ["1.1"],)"));
  const SourceFile files[] = {{"one/s.json", one}, {"two/s.json", one}};
  const auto faults = lint_together(files);
  EXPECT_TRUE(tells(faults, "/groups/0/id", "id 's/a'"));
  EXPECT_TRUE(tells(faults, "/groups/0/title", "title 'A Ping'"));
  EXPECT_TRUE(tells(faults, "/groups/0/aliases", "alias '1.1'"));
  EXPECT_EQ(faults.size(), 3u);
}

TEST(Lint, AsksForCasesOfBugsOnlyWhereEachCaseIsKnown) {
  const std::string bugs = std::string(resource("cases/bugs.json"));
  const std::string good = file(group("a", "A Ping", kPing));
  const std::string bad = file(group("a", "A Ping", R"([{"pinng": "abc"}])"));
  const auto asked_for = [&](const std::string& suite) {
    const SourceFile files[] = {{"s.json", suite}, {"bugs.json", bugs}};
    return std::ranges::any_of(lint_together(files),
                               [](const CaseFileError& fault) { return fault.file == "bugs.json"; });
  };
  EXPECT_TRUE(asked_for(good));
  EXPECT_FALSE(asked_for(bad));
}

TEST(Lint, KnowsTheFilesBesideTheSuites) {
  EXPECT_TRUE(is_suite("cases/close.json"));
  EXPECT_FALSE(is_suite("cases/requirements.json"));
  EXPECT_FALSE(is_suite("cases/choices.json"));
  EXPECT_FALSE(is_suite("cases/case.schema.json"));
  EXPECT_THAT(lint("cases/case.schema.json", resource("cases/case.schema.json")), IsEmpty());
  EXPECT_EQ(lint("x.schema.json", "{").size(), 1u);
  EXPECT_TRUE(tells(lint("requirements.json", "[{}]\n"), "/0", "no key 'id'"));
  EXPECT_TRUE(
      tells(lint("requirements.json", R"([{"id": "a", "rfc": 1, "section": "1", "level": "COULD", "binds": "both",
      "rule": "r", "visible": "wire"}])"),
            "/0/level", "COULD"));
  EXPECT_TRUE(tells(lint("choices.json", R"([{"id": "C-1", "title": "t", "conformant": [], "weak": [], "violation": [],
      "requirements": ["rfc6455-5.5-2"]}])"),
                    "/0/requirements", "rfc6455-5.5-2"));
}

TEST(Format, KeepsShortThingsOnOneLineAndPacksLongOnes) {
  const Json document = Json::parse(fmt::format(
      R"({{"a": {{"b": {{"c": {{"short": [1, 2], "long": ["{0}", "{0}", "{0}"]}}}}}}}})", std::string(60, 'x')));
  const std::string x(60, 'x');
  EXPECT_EQ(
      canonical(document),
      fmt::format(
          "{{\n  \"a\": {{\n    \"b\": {{\n      \"c\": {{\n        \"short\": [1, 2],\n        \"long\": [\"{0}\",\n"
          "                 \"{0}\",\n                 \"{0}\"]\n      }}\n    }}\n  }}\n}}\n",
          x));
  EXPECT_EQ(canonical(Json::array()), "[]\n");
}

}  // namespace
}  // namespace touchstone
