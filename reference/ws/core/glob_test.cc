#include <ws/core/glob.h>

#include <gtest/gtest.h>

#include <string>

namespace ws {
namespace {

TEST(Glob, AStarTakesAnyNumberOfCharacters) {
  EXPECT_TRUE(matches_glob("", "*"));
  EXPECT_TRUE(matches_glob("a", "*"));
  EXPECT_TRUE(matches_glob("abc", "a*b*c"));
  EXPECT_TRUE(matches_glob("a-bb-b-c", "a*b*c"));
  EXPECT_FALSE(matches_glob("example.com", "*.example.com"));
  EXPECT_FALSE(matches_glob("a-bc", "a*b"));
  EXPECT_FALSE(matches_glob("a", ""));
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_FALSE(matches_glob("a", "ab"));
  EXPECT_TRUE(matches_glob("a*b", "a*b"));
}

TEST(Glob, CaseAndQuestionMarkAreAsAskedFor) {
  EXPECT_TRUE(matches_glob("a.b.eXample.com", "*.Example.com", {.ignores_case = true}));
  EXPECT_FALSE(matches_glob("a.b.eXample.com", "*.Example.com"));
  EXPECT_FALSE(matches_glob("[", "{", {.ignores_case = true}));  // only letters have a case
  EXPECT_TRUE(matches_glob("1.2.3", "1.?.3", {.question_mark = true}));
  EXPECT_FALSE(matches_glob("1.2.3", "1.?.3"));
  EXPECT_FALSE(matches_glob("1..3", "1.?.3", {.question_mark = true}));
}

// The same against all ways to share the text out among the stars, which takes exponential time but is easy to believe.
bool by_all_ways(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*')
    return by_all_ways(text, pattern.substr(1)) || (!text.empty() && by_all_ways(text.substr(1), pattern));
  return !text.empty() && text.front() == pattern.front() && by_all_ways(text.substr(1), pattern.substr(1));
}

TEST(Glob, AgreesWithTryingAllWays) {
  const auto word = [](unsigned n, std::string_view letters, unsigned length) {
    std::string out;
    for (unsigned i = 0; i < length; ++i, n /= static_cast<unsigned>(letters.size()))
      out += letters[n % letters.size()];
    return out;
  };
  for (unsigned p = 0; p < 243; ++p)
    for (unsigned t = 0; t < 64; ++t)
      for (unsigned length = 0; length <= 6; ++length) {
        const std::string pattern = word(p, "ab*", 5), text = word(t, "ab", length);
        ASSERT_EQ(matches_glob(text, pattern), by_all_ways(text, pattern)) << text << " " << pattern;
      }
}

TEST(Glob, ManyStarsTakeNoTime) {
  const std::string text(20'000, 'a'), pattern = std::string("a*a*a*a*a*a*a*a*a*a*a*a*") + "b";
  EXPECT_FALSE(matches_glob(text, pattern));
}

}  // namespace
}  // namespace ws
