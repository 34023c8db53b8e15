#include "runner/cli/options/selection.h"

#include "runner/cli/cli.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Case make(std::string id, std::string alias, std::vector<Side> sides, bool bulk = false) {
  Case c;
  c.id = std::move(id);
  c.aliases = {std::move(alias)};
  c.requirements = {"rfc6455-5.5.1-4"};
  c.sides = std::move(sides);
  c.tags = {"close"};
  c.bulk = bulk;
  return c;
}

Catalogue catalogue() {
  Catalogue made;
  made.cases_ = {make("close/code/1000", "7.7.1", {Side::server, Side::client}),
                 make("close/code/1001", "7.7.2", {Side::server}), make("limits/big", "9.1.1", {Side::server}, true),
                 make("client/only", "8.1.1", {Side::client})};
  return made;
}

std::string refusal(const SelectionOptions& options, std::optional<Side> side = Side::server) {
  try {
    (void)choose_cases(catalogue(), options, side);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(Selection, TakesAllOfOneSideByDefault) {
  const Catalogue all = catalogue();
  EXPECT_THAT(choose_cases(all, {}, Side::server), SizeIs(3));
  EXPECT_THAT(choose_cases(all, {}, Side::client), SizeIs(2));
  EXPECT_THAT(choose_cases(all, {}, std::nullopt), SizeIs(4));
}

SelectionOptions share_of_all(std::string shard) {
  SelectionOptions options;
  options.shard = std::move(shard);
  return options;
}

TEST(Selection, SharesOfItAreTheWholeAndNothingTwice) {
  const Catalogue all = catalogue();
  std::vector<const Case*> together;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const auto share = choose_cases(all, share_of_all(shard), std::nullopt);
    together.insert(together.end(), share.begin(), share.end());
  }
  EXPECT_THAT(together, testing::UnorderedElementsAreArray(choose_cases(all, {}, std::nullopt)));
}

TEST(Selection, KeepsTheOrderOfTheCatalogue) {
  const Catalogue all = catalogue();
  const auto cases = choose_cases(all, {}, std::nullopt);
  EXPECT_EQ(cases.front()->id, "close/code/1000");
  EXPECT_EQ(cases.back()->id, "client/only");
}

TEST(Selection, IncludesExcludesAndObeysTheProfile) {
  const Catalogue all = catalogue();
  EXPECT_THAT(choose_cases(all, {.include = {"7.*"}, .exclude = {"7.7.2"}, .profile = "default"}, Side::server),
              SizeIs(1));
  EXPECT_THAT(choose_cases(all, {.include = {}, .exclude = {}, .profile = "core"}, Side::server), SizeIs(2));
}

TEST(Selection, RefusesAPatternThatMatchesNothingAndNamesNearOnes) {
  EXPECT_THAT(refusal({.include = {"close/cdoe/*"}, .exclude = {}}), HasSubstr("near are close/code/*"));
  EXPECT_THAT(refusal({.include = {"7.7.3"}, .exclude = {}}), HasSubstr("7.7.1"));
  EXPECT_THAT(refusal({.include = {}, .exclude = {"77.*"}}), HasSubstr("near are 7.*"));
  EXPECT_THAT(refusal({.include = {"tag:clsoe"}, .exclude = {}}), HasSubstr("tag:close"));
  EXPECT_THAT(refusal({.include = {"qqqqqqqq"}, .exclude = {}}), HasSubstr("touchstone list"));
}

TEST(Selection, SaysWhyNothingIsLeft) {
  EXPECT_THAT(refusal({.include = {"9.1.1"}, .exclude = {}, .profile = "core"}), HasSubstr("leaves out bulk cases"));
  EXPECT_THAT(refusal({.include = {"8.1.1"}, .exclude = {}}), HasSubstr("for a server"));
  EXPECT_THAT(refusal({.include = {"7.*"}, .exclude = {"close"}}), HasSubstr("--exclude takes away close"));
}

}  // namespace
}  // namespace touchstone::cli
