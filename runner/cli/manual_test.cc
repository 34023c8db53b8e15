#include "runner/cli/manual.h"

#include <gmock/gmock.h>
#include <CLI/CLI.hpp>

namespace touchstone::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MdocText, KeepsWhatLooksLikeMarkup) {
  EXPECT_EQ(mdoc_text(".Nm is no macro here"), "\\&.Nm is no macro here\n");
  EXPECT_EQ(mdoc_text("'quoted'"), "\\&'quoted'\n");
  EXPECT_EQ(mdoc_text("a\\b --case"), "a\\eb \\-\\-case\n");
}

TEST(MdocText, PutsASentenceOnALine) {
  EXPECT_EQ(mdoc_text("One. Two? Three: f.o.o bar..."), "One.\nTwo?\nThree: f.o.o bar...\n");
}

TEST(MdocText, BreaksLongLines) {
  EXPECT_EQ(mdoc_text(std::string(50, 'a') + " " + std::string(50, 'b')),
            std::string(50, 'a') + "\n" + std::string(50, 'b') + "\n");
}

TEST(Manual, HasOptionsValuesPositionalsAndFooterOfEachCommand) {
  CLI::App tool("A tool", "tool");
  tool.footer("\nExit codes:\n  0  fine\n\nExamples:\n  tool cook\n");
  CLI::App* cook = tool.add_subcommand("cook", "Make it warm");
  std::string text;
  cook->add_option("FILE", text, "What")->required();
  cook->add_option("-t,--heat", text, "How warm")->type_name("low|high")->default_val("low");
  cook->footer("\nIt is hot.\nExamples:\n  .hidden  as it is\n  second");
  tool.add_subcommand("secret", "Not told")->group("");
  const std::string page = manual(tool, "1.2", "2026-03-04");
  EXPECT_THAT(page, HasSubstr(".Dd March 4, 2026\n"));
  EXPECT_THAT(page, HasSubstr(".Nm tool cook\n.Op Ar options\n.Ar FILE\n"));
  EXPECT_THAT(page,
              HasSubstr(".It Fl \"\\&t\" , Fl \"\\&\\-heat\" Ar \"\\&low|high\"\nHow warm\nThe default is low.\n"));
  EXPECT_THAT(page,
              HasSubstr(".Pp\nIt is hot.\nExamples:\n.Bd -literal -offset Ds\n\\&.hidden  as it is\nsecond\n.Ed\n"));
  EXPECT_THAT(page, HasSubstr(".Sh EXIT STATUS\n.Bd -literal -offset Ds\n0  fine\n.Ed\n"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace touchstone::cli
