#include "runner/cli/completion.h"

#include <gmock/gmock.h>
#include <CLI/CLI.hpp>

namespace touchstone::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// `tool cook [--heat low|high] [--spice NAME]... [-4|-6] [--into DIR] [FILE]`, `tool wash`, and a hidden `tool secret`.
class CompletionOfWords : public testing::Test {
 protected:
  CompletionOfWords() {
    tool.set_help_flag("-h,--help", "Help");
    CLI::App* cook = tool.add_subcommand("cook", "Make it warm\nand more");
    cook->add_option("FILE", text);
    cook->add_option("--heat", text, "How warm")->type_name("low|high");
    cook->add_option("--spice", texts, "What else")->type_name("NAME")->allow_extra_args(false)->take_all();
    CLI::Option* four = cook->add_flag("-4", flag, "Four");
    cook->add_flag("-6", flag, "Six")->excludes(four);
    cook->add_flag("--raw,!--done", flag, "How");
    cook->add_option("--into", text, "Where")->type_name("DIR");
    tool.add_subcommand("wash", "Make it clean");
    tool.add_subcommand("secret", "Not told")->group("");
  }

  Completion at(const std::vector<std::string>& words) {
    return complete(tool, words, [](std::string_view option, std::string_view type, std::string_view) {
      return option == "--spice" && type == "NAME" ? std::vector<Candidate>{{"salt", "white"}, {"sumac", "red"}}
                                                   : std::vector<Candidate>();
    });
  }
  std::vector<std::string> words_at(const std::vector<std::string>& words) {
    std::vector<std::string> found;
    for (const Candidate& each : at(words).words) found.push_back(each.word);
    return found;
  }

  CLI::App tool{"A tool", "tool"};
  std::string text;
  std::vector<std::string> texts;
  bool flag = false;
};

TEST_F(CompletionOfWords, NamesSubcommandsButNoHiddenOnes) {
  EXPECT_THAT(words_at({""}), ElementsAre("cook", "wash"));
  EXPECT_THAT(words_at({"w"}), ElementsAre("wash"));
  EXPECT_THAT(words_at({"se"}), IsEmpty());
  EXPECT_EQ(at({"c"}).words.front().about, "Make it warm");
}

TEST_F(CompletionOfWords, NamesOptionsOfTheSubcommand) {
  EXPECT_THAT(words_at({"cook", "-"}),
              ElementsAre("--help", "--heat", "--spice", "-4", "-6", "--raw", "--done", "--into"));
  EXPECT_THAT(words_at({"cook", "--he"}), ElementsAre("--help", "--heat"));
  EXPECT_THAT(words_at({"wash", "--"}), ElementsAre("--help"));
  EXPECT_THAT(words_at({"wash", ""}), ElementsAre("--help"));
}

TEST_F(CompletionOfWords, LeavesOutWhatMayNotStandTwiceOrTogether) {
  EXPECT_THAT(words_at({"cook", "--heat", "low", "-4", "--spice", "salt", "-"}),
              ElementsAre("--help", "--spice", "--raw", "--done", "--into"));
}

TEST_F(CompletionOfWords, NamesValuesInBothForms) {
  EXPECT_THAT(words_at({"cook", "--heat", ""}), ElementsAre("low", "high"));
  EXPECT_THAT(words_at({"cook", "--heat=h"}), ElementsAre("--heat=high"));
  EXPECT_THAT(words_at({"cook", "--spice", "s"}), ElementsAre("salt", "sumac"));
  EXPECT_THAT(words_at({"cook", "--spice=su"}), ElementsAre("--spice=sumac"));
  EXPECT_THAT(words_at({"cook", "-4", "--he=", ""}), IsEmpty());
}

TEST_F(CompletionOfWords, SaysWherePathsMayStand) {
  EXPECT_EQ(at({"cook", ""}).paths, Paths::files);
  EXPECT_EQ(at({"cook", "--into", ""}).paths, Paths::folders);
  EXPECT_EQ(at({"cook", "--into="}).paths, Paths::folders);
  EXPECT_EQ(at({"cook", "x", ""}).paths, Paths::none);  // one FILE only
  EXPECT_EQ(at({"cook", "--", "--in"}).paths, Paths::files);
  EXPECT_EQ(at({"cook", "--heat", ""}).paths, Paths::none);
}

TEST(NextSteps, WalksNamesLikeFolders) {
  const std::vector<std::string> names = {"close/a/1", "close/a/2", "close/b", "7.1.1",
                                          "7.1.2",     "7.9.1",     "tag:cve", "rfc6455-5.1-2"};
  EXPECT_THAT(next_steps(names, ""), ElementsAre("7.", "close/", "rfc6455-", "tag:"));
  EXPECT_THAT(next_steps(names, "clo"), ElementsAre("close/"));
  EXPECT_THAT(next_steps(names, "close/"), ElementsAre("close/a/", "close/b"));
  EXPECT_THAT(next_steps(names, "close/a/1"), ElementsAre("close/a/1"));
  EXPECT_THAT(next_steps(names, "7."), ElementsAre("7.1.", "7.9."));
  EXPECT_THAT(next_steps(names, "nothing"), IsEmpty());
}

TEST(PlainType, DropsWhatCli11Adds) {
  EXPECT_EQ(plain_type("N:POSITIVE"), "N");
  EXPECT_EQ(plain_type("core|default|full"), "core|default|full");
  EXPECT_EQ(plain_type("NAME:{text,json}"), "NAME");
  EXPECT_EQ(plain_type("'Name: value'"), "'Name: value'");
}

}  // namespace
}  // namespace touchstone::cli
