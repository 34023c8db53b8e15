#include "runner/campaign/bare.h"

#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>

namespace touchstone::fuzz {
namespace {

std::uint64_t connections_at(ws::testing::Fault fault) {
  const auto server = ws::testing::DeviantServer::start(fault, {});
  Target target;
  target.url = {false, "127.0.0.1", server.value()->port(), "/"};
  return bare_connections(target, 2, std::chrono::seconds(1));
}

TEST(Bare, CountsConnectionsThatOpenAndCloseOnly) {
  EXPECT_GT(connections_at(ws::testing::Fault::none), 10u);
  EXPECT_EQ(connections_at(ws::testing::Fault::answers_200), 0u);
  EXPECT_EQ(connections_at(ws::testing::Fault::ignores_close), 0u);
}

}  // namespace
}  // namespace touchstone::fuzz
