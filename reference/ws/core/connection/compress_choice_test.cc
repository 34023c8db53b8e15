// Which messages are compressed: the threshold, and the choice for each message. RFC 7692 6: it is the sender's.
#include <ws/core/connection/connection.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

constexpr std::byte kRsv1{0x40};

Connection server_with(std::size_t threshold, std::optional<DeflateParams> agreed = DeflateParams()) {
  Options options = test::options(Role::server);
  options.deflate_threshold = threshold;
  return Connection::opened(options, agreed);
}

bool compressed(Connection& connection, const Command& command) {
  EXPECT_TRUE(connection.submit(command));
  return (test::take_output(connection).front() & kRsv1) == kRsv1;
}

TEST(CompressChoice, TheThresholdDecidesUnlessTheMessageDoes) {
  Connection server = server_with(10);
  const std::string nine(9, 'x'), ten(10, 'x');
  EXPECT_FALSE(compressed(server, command::Text{nine}));
  EXPECT_TRUE(compressed(server, command::Text{ten}));
  EXPECT_TRUE(compressed(server, command::Text{nine, true, Compress::always}));
  EXPECT_FALSE(compressed(server, command::Text{ten, true, Compress::never}));
  EXPECT_TRUE(compressed(server, command::Binary{as_octets(nine), true, Compress::always}));
  EXPECT_FALSE(compressed(server, command::Binary{as_octets(ten), true, Compress::never}));
}

TEST(CompressChoice, HoldsForAllFragmentsOfAMessage) {
  Connection server = server_with(10), client = test::open(Role::client, DeflateParams());
  const std::string text(100, 'x');
  for (const Compress choice : {Compress::by_threshold, Compress::never, Compress::always}) {
    ASSERT_TRUE(server.submit(command::Text{text, false, choice}));
    ASSERT_TRUE(server.submit(command::Continue{as_octets(text)}));
    const Bytes out = test::take_output(server);
    EXPECT_EQ(out.size() > 200, choice == Compress::never);
    client.receive(out);
    EXPECT_EQ(test::events(client), std::vector<std::string>{"text " + text + text});
  }
}

TEST(CompressChoice, WithoutTheExtensionNothingIsCompressed) {
  Connection server = server_with(0, std::nullopt);
  EXPECT_FALSE(compressed(server, command::Text{"x", true, Compress::always}));
}

}  // namespace
}  // namespace ws
