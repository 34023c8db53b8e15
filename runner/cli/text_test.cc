#include "runner/cli/text.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Duration, ReadsNumberAndUnit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("5s"), milliseconds(5000));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
}

TEST(Duration, RefusesWithASentence) {
  for (const char* bad : {"", "s", "5", "5h", "-5s", "5 s", "5ss", "nan", "infs", "0s", "0.1ms", "99999m", "1e3s"}) {
    const auto duration = parse_duration(bad);
    ASSERT_FALSE(duration) << bad;
    EXPECT_FALSE(duration.error().empty());
  }
  EXPECT_THAT(parse_duration("5").error(), HasSubstr("has no unit"));
  EXPECT_THAT(parse_duration("5h").error(), HasSubstr("'h' is no unit"));
}

TEST(Duration, IsWrittenForPeople) {
  EXPECT_EQ(format_duration(milliseconds(840)), "0.8 s");
  EXPECT_EQ(format_duration(milliseconds(12'300)), "12 s");
  EXPECT_EQ(format_duration(milliseconds(185'000)), "3 min 05 s");
}

TEST(Nearest, FindsMisspeltNamesNearestFirst) {
  const std::vector<std::string> names = {"close/a", "close/code-valid/1000", "--jobs", "--out"};
  EXPECT_THAT(nearest("--jbos", names, 3), ElementsAre("--jobs"));
  EXPECT_THAT(nearest("close/code-vaild/1000", names, 3), ElementsAre("close/code-valid/1000"));
}

TEST(Nearest, FindsWhatHoldsTheText) {
  EXPECT_THAT(nearest("valid", {"close/code-valid/1000", "ping"}, 3), ElementsAre("close/code-valid/1000"));
}

TEST(Nearest, IsSilentWhenNothingIsNear) { EXPECT_THAT(nearest("zzzzzz", {"close/a", "--jobs"}, 3), IsEmpty()); }

TEST(Wrap, BreaksAtBlanksAndIndents) {
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap("unbreakable", 5, 0), "unbreakable");
  EXPECT_EQ(wrap("a\nb", 20, 4), "a\n    b");
  EXPECT_EQ(wrap("", 20, 4), "");
}

TEST(Columns, CountsCodePointsAndCutsBetweenThem) {
  EXPECT_EQ(columns("h\xc3\xa4h"), 3u);
  EXPECT_EQ(cut_to("h\xc3\xa4h", 2), "h\xc3\xa4");
  EXPECT_EQ(cut_to("ab", 5), "ab");
}

TEST(JoinAnd, ReadsAsASentence) {
  EXPECT_EQ(join_and({"a"}), "a");
  EXPECT_EQ(join_and({"a", "b", "c"}), "a, b and c");
}

TEST(ReplaceAll, ReplacesEveryOne) { EXPECT_EQ(replace_all("{port}:{port}", "{port}", "80"), "80:80"); }

}  // namespace
}  // namespace touchstone::cli
