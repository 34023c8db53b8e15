#include <gtest/gtest.h>
#include <ws/rules/answer.h>
#include <ws/rules/finding.h>

#include <regex>
#include <set>

namespace ws::rules {
namespace {

using enum FindingKind;

TEST(Finding, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const FindingRow& r : finding_rows()) {
    EXPECT_TRUE(names.insert(r.name).second) << r.name;
    EXPECT_EQ(finding_kind(r.name), r.kind);
    EXPECT_EQ(name(r.kind), r.name);
  }
  for (const AnswerFault::Kind kind : answer_fault_kinds()) EXPECT_TRUE(names.insert(name(kind)).second) << name(kind);
  EXPECT_EQ(finding_kind("no-such-check"), std::nullopt);
}

// Words in braces are facts, and none is misspelt.
TEST(Finding, WordsAreFilledIn) {
  const std::set<std::string> known{"rule",    "offset", "codes", "code",     "what", "wanted",
                                    "instead", "number", "of",    "messages", "came"};
  const std::regex word("\\{([^}]*)\\}");
  for (const FindingRow& r : finding_rows()) {
    for (const std::string& words : {std::string(r.expected), std::string(r.seen)}) {
      for (std::sregex_iterator it(words.begin(), words.end(), word), end; it != end; ++it)
        EXPECT_TRUE(known.contains((*it)[1])) << r.name << ": " << words;
    }
    const Facts facts{.violation = Violation::reserved_bit, .codes = {1002}, .code = 1000, .what = "w", .instead = "i"};
    EXPECT_EQ((expected_text(r.kind, facts) + seen_text(r.kind, facts)).find_first_of("{}"), std::string::npos)
        << r.name;
  }
}

TEST(Finding, SaysWhatShouldHaveBeenAndWhatWas) {
  const Facts facts{.codes = {1000, 1000, 1002}, .code = 1011};
  EXPECT_EQ(expected_text(close_answer_says_error, facts),
            "it answers the Close with 1000 or 1002, or with another code that says no error");
  EXPECT_EQ(seen_text(close_answer_says_error, facts), "it answered with 1011, which says that something was wrong");
  EXPECT_EQ(seen_text(octets_illegal, {.violation = Violation::mask_present, .offset = 7}),
            "a frame from the server is masked (at byte 7 of what it sent)");
  EXPECT_EQ(seen_text(octets_illegal, {.violation = Violation::compressed_bit_misplaced}).substr(0, 11), "RSV1 is set");
}

TEST(Finding, CitesWhatBindsTheSideUnderTest) {
  const Facts masked{.violation = Violation::mask_missing};
  EXPECT_EQ(requirement_of(octets_illegal, masked, Role::client), "rfc6455-5.1-1");
  EXPECT_EQ(requirement_of(closed_unasked, {}, Role::server), "rfc6455-7.3-1");
  EXPECT_EQ(requirement_of(closed_unasked, {}, Role::client), "rfc6455-7.3-2");
  EXPECT_EQ(requirement_of(fault_ignored, {}, Role::server), "");  // the case knows
  const Facts bad_code{.violation = Violation::close_code_invalid, .code = 1005};
  EXPECT_EQ(requirement_of(octets_illegal, bad_code, Role::server), "rfc6455-7.4.1-2");
}

// Equal kinds with equal evidence are one cause, so numbers and places are no part of it.
TEST(Finding, EvidenceTellsCausesApart) {
  EXPECT_EQ(evidence_of(failing_code_wrong, {.offset = 3, .codes = {1002}, .code = 1000}), "1000");
  EXPECT_EQ(evidence_of(octets_illegal, {.violation = Violation::reserved_bit, .offset = 9}), "reserved-bit");
  EXPECT_EQ(evidence_of(field_repeated, {.what = "Host"}), "Host");
  EXPECT_EQ(evidence_of(message_differs, {.offset = 3, .what = "text", .number = 4}), "");
}

}  // namespace
}  // namespace ws::rules
