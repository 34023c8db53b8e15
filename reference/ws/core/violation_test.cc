// The table of violations: every row is whole, every name is unique.
#include <ws/core/violation.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

namespace ws {
namespace {

TEST(Violation, RequirementsAreIdsOfTheCatalogue) {
  const std::regex id("rfc(6455|7692|3629|9110|9112)-[0-9]+(\\.[0-9]+)*-[0-9]+");
  for (const Rule& r : all_rules()) EXPECT_TRUE(std::regex_match(std::string(r.requirement), id)) << r.name;
}

TEST(Violation, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Rule& r : all_rules()) EXPECT_TRUE(names.insert(r.name).second) << r.name;
}

TEST(Violation, RowsAreFoundByTheirEnumerator) {
  for (const Rule& r : all_rules()) EXPECT_EQ(&rule(r.id), &r);
  EXPECT_EQ(rule(Violation::mask_missing).name, "mask-missing");
  EXPECT_EQ(rule(Violation::subprotocol_not_offered).name, "subprotocol-not-offered");
}

TEST(Violation, CodesBelongToTheirPhase) {
  for (const Rule& r : all_rules()) {
    const bool handshake = r.id >= Violation::head_malformed;
    EXPECT_EQ(r.close_code == 0, handshake) << r.name;
    EXPECT_EQ(r.http_status != 0, handshake && r.id < Violation::accept_missing) << r.name;
    EXPECT_TRUE(handshake || r.close_code == 1002 || r.close_code == 1007 || r.close_code == 1009) << r.name;
  }
}

}  // namespace
}  // namespace ws
