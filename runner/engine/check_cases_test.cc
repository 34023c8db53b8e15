#include "runner/engine/check_cases.h"

#include "runner/catalogue/lint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string suite(std::string_view expect, std::string_view requirement = "rfc6455-8.1-1") {
  const auto text = fmt::format(
      R"({{"suite": "mine", "about": "a", "groups": [{{"id": "bad-text", "title": "A text message that is not UTF-8",
      "requirements": ["{}"], "steps": [{{"message": "text", "payload": {{"hex": "ff"}}}}], "expect": {}}}]}})",
      requirement, expect);
  return formatted("mine.json", text).value();
}

std::vector<CaseFileError> check(std::string_view text) {
  const SourceFile file{"mine.json", text};
  return check_cases(std::span(&file, 1));
}

TEST(CheckCases, TakeWhatTheStrictStackDoes) { EXPECT_THAT(check(suite(R"({"end": {"fails": [1007]}})")), IsEmpty()); }

// RFC 6455 8.1 leaves nothing open here.
TEST(CheckCases, RefuseAnExpectationThatTheStrictStackContradicts) {
  const auto faults = check(suite(R"({"end": "polite"})"));
  ASSERT_THAT(faults, SizeIs(2));  // on either side
  EXPECT_EQ(faults[0].file, "mine.json");
  EXPECT_EQ(faults[0].pointer, "/groups/0/expect");
  EXPECT_FALSE(faults[0].style);
  EXPECT_THAT(faults[0].found, HasSubstr("'mine/bad-text'"));
  EXPECT_THAT(faults[0].found, HasSubstr("strict server"));
}

TEST(CheckCases, KnowTheRequirementsThatComeWithTheFiles) {
  const std::string cases = suite(R"({"end": {"fails": [1007]}})", "rfc6455-8.1-9");
  ASSERT_THAT(check(cases), SizeIs(1));
  const std::string table = formatted("requirements.json", R"([{"id": "rfc6455-8.1-9", "rfc": 6455, "section": "8.1",
      "level": "MUST", "binds": "both", "rule": "A rule.", "visible": "wire"}])")
                                .value();
  const SourceFile files[] = {{"cases/mine.json", cases}, {"cases/requirements.json", table}};
  EXPECT_THAT(check_cases(files), IsEmpty());
}

TEST(CheckCases, TellMattersOfStyleAsSuch) {
  std::string text = suite(R"({"end": {"fails": [1007]}})");
  text.insert(text.find("\"about\""), "\n");
  const SourceFile file{"other-name.json", text};
  const auto faults = check_cases(std::span(&file, 1));
  ASSERT_THAT(faults, SizeIs(2));
  EXPECT_TRUE(faults[0].style) << faults[0].text();
  EXPECT_TRUE(faults[1].style) << faults[1].text();
}

TEST(CheckCases, HaveNothingAgainstTheCatalogue) {
  for (const CaseFileError& fault : check_cases(built_in_files())) ADD_FAILURE() << fault.text();
}

}  // namespace
}  // namespace touchstone
