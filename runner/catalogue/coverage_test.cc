#include "runner/catalogue/coverage.h"

#include "reports/support/resources.h"
#include "runner/catalogue/two_sided.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace touchstone {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Requirement requirement(std::string id, std::string binds, std::string visible = "wire", int rfc = 6455) {
  Requirement r;
  r.id = std::move(id);
  r.rfc = rfc;
  r.binds = std::move(binds);
  r.visible = std::move(visible);
  return r;
}

// Three requirements and one case, for servers, that cites the first two.
Catalogue small() {
  Catalogue catalogue;
  catalogue.requirements_ = {requirement("rfc1", "server"),       requirement("rfc2", "both"),
                             requirement("rfc3", "client"),       requirement("rfc4", "both", "api"),
                             requirement("rfc5", "intermediary"), requirement("rfc6", "server", "wire", 9114)};
  Case c;
  c.id = "a/b";
  c.sides = {Side::server};
  c.requirements = {"rfc1", "rfc2"};
  catalogue.cases_ = {c};
  return catalogue;
}

std::vector<std::string> gaps(const Coverage& coverage) {
  std::vector<std::string> out;
  for (const Covered& row : coverage.all) {
    constexpr std::array kNames = {" server", " client", " intermediary"};
    if (row.gap()) out.push_back(row.requirement->id + kNames.at(static_cast<std::size_t>(row.side)));
  }
  return out;
}

TEST(Coverage, CountsARequirementInEachRoleThatItBinds) {
  const Catalogue catalogue = small();
  const Coverage found = coverage(catalogue, "");
  EXPECT_THAT(gaps(found), ElementsAre("rfc2 client", "rfc3 client", "rfc5 intermediary"));
  EXPECT_FALSE(found.complete());
  EXPECT_EQ(share(found, 6455, std::nullopt).covered, 1u);
  EXPECT_EQ(share(found, 6455, std::nullopt).all, 3u);
  EXPECT_EQ(share(found, 0, Side::server).covered, 2u);
  EXPECT_EQ(share(found, 7692, std::nullopt).all, 0u);
}

TEST(Coverage, TakesWhatASentenceAboutAnIntermediaryCites) {
  Catalogue catalogue = small();
  Case& c = catalogue.cases_.emplace_back();
  c.id = "a/c";
  c.sides = {Side::intermediary};
  Claim claim;
  claim.requirement = "rfc5";
  c.two_sided = std::make_shared<const TwoSided>(TwoSided{.steps = {}, .claims = {claim}});
  const Coverage found = coverage(catalogue, "");
  EXPECT_THAT(gaps(found), ElementsAre("rfc2 client", "rfc3 client"));
  EXPECT_EQ(share(found, 0, Side::intermediary).covered, 1u);
  EXPECT_EQ(share(found, 0, std::nullopt).all, 3u);
}

TEST(Coverage, TakesAnExcuseForAGap) {
  const Catalogue catalogue = small();
  const Coverage found =
      coverage(catalogue, "# Why\n\n- `rfc2` (client), `rfc3`, `rfc5`: nobody\n  can see it\n\nThe end.\n");
  EXPECT_THAT(found.faults, IsEmpty());
  EXPECT_TRUE(found.complete());
  EXPECT_EQ(share(found, 0, std::nullopt).excused, 2u);
  EXPECT_EQ(found.excuses.at(1).reason, "nobody can see it");
}

TEST(Coverage, RefusesAnExcuseForWhatIsCoveredUnknownOrNotInQuestion) {
  const Catalogue catalogue = small();
  const auto faults = [&](const char* text) { return coverage(catalogue, text).faults; };
  EXPECT_THAT(faults("- `rfc1`: x"), ElementsAre(HasSubstr("UNCOVERED.md:1: rfc1 is covered for a server, by a/b")));
  EXPECT_THAT(faults("- `rfc2`: x"), ElementsAre(HasSubstr("is covered")));
  EXPECT_THAT(faults("\n- `rfc9`: x"), ElementsAre(HasSubstr(":2: rfc9 is no requirement")));
  EXPECT_THAT(faults("- `rfc4`: x"), ElementsAre(HasSubstr("not in question")));
  EXPECT_THAT(faults("- `rfc6`: x"), ElementsAre(HasSubstr("not in question")));
  EXPECT_THAT(faults("- `rfc3` (server): x"), ElementsAre(HasSubstr("does not bind")));
  EXPECT_THAT(faults("- `rfc3`"), ElementsAre(HasSubstr("no reason")));
  EXPECT_THAT(faults("- `rfc3`: x\n- `rfc3`: y"), Contains(HasSubstr("twice")));
}

// The catalogue's promise: what a peer can see has a case for each role, or a line that says why not.
TEST(BuiltIn, CoversEveryRequirementThatAPeerCanSee) {
  const Coverage found = coverage(Catalogue::built_in(), resource("cases/UNCOVERED.md"));
  EXPECT_THAT(gaps(found), IsEmpty());
  EXPECT_THAT(found.faults, IsEmpty());
}

}  // namespace
}  // namespace touchstone
