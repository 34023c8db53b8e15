// How a connection ends, and what its caller may not do.
#include <ws/core/connection/connection.h>

#include <gtest/gtest.h>

#include "ws/core/connection/fast_way.h"
#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using Lines = std::vector<std::string>;
using test::hex;

std::expected<void, Misuse> close(Connection& connection, std::uint16_t code = 1000, std::string text = {}) {
  return connection.submit(command::Close{CloseReason{code, std::move(text)}});
}

TEST(ConnectionClosing, ServerThatIsClosedRepliesAndEndsTcp) {
  Connection server = test::open(Role::server);
  server.receive(test::frame_to(Role::server, Opcode::close, hex("0f a0 62 79 65")));
  EXPECT_EQ(test::events(server), Lines{"close 4000 'bye'"});
  EXPECT_FALSE(server.wants_shutdown());
  EXPECT_EQ(test::take_output(server), hex("88 02 0f a0"));
  EXPECT_TRUE(server.wants_shutdown());
  server.receive_eof();
  server.receive_eof();
  EXPECT_EQ(test::events(server), Lines{"closed 4000 clean"});
}

TEST(ConnectionClosing, ClientWaitsForTheServersEndOfTcp) {  // RFC 6455 7.1.1
  Connection client = test::open(Role::client);
  client.receive(hex("88 00"));
  EXPECT_EQ(test::take_output(client), hex("88 80 37 fa 21 3d"));
  EXPECT_FALSE(client.wants_shutdown());
  EXPECT_EQ(client.timer(), Limits{}.close);
  client.expire();
  EXPECT_TRUE(client.wants_shutdown());
  EXPECT_EQ(test::events(client), (Lines{"close none", "closed 1005 clean"}));
}

TEST(ConnectionClosing, OurCloseWaitsForTheReply) {
  Connection server = test::open(Role::server);
  ASSERT_TRUE(close(server, 1001, "going"));
  EXPECT_EQ(server.state(), State::closing);
  EXPECT_EQ(test::take_output(server), hex("88 07 03 e9 67 6f 69 6e 67"));
  EXPECT_FALSE(server.wants_shutdown());
  server.receive(test::frame_to(Role::server, Opcode::text, as_octets("late")));
  server.receive(test::frame_to(Role::server, Opcode::ping, as_octets("p")));
  EXPECT_EQ(test::take_output(server), hex("8a 01 70"));  // RFC 6455 5.5.2: still owed
  server.receive(test::frame_to(Role::server, Opcode::close, hex("03 e9")));
  EXPECT_TRUE(server.output().empty());
  EXPECT_TRUE(server.wants_shutdown());
  EXPECT_EQ(test::events(server), (Lines{"text late", "ping 70", "close 1001 ''"}));
}

TEST(ConnectionClosing, ServerDoesNotSend1010) {  // RFC 6455 7.4.1
  Connection server = test::open(Role::server);
  EXPECT_EQ(close(server, 1010).error(), Misuse::close_code_invalid);
  server.receive(test::frame_to(Role::server, Opcode::close, hex("03 f2")));
  EXPECT_EQ(test::take_output(server), hex("88 02 03 e8"));
}

TEST(ConnectionClosing, EndOfTcpWithoutACloseIs1006) {
  for (const bool own_close : {false, true}) {
    Connection client = test::open(Role::client);
    ASSERT_TRUE(!own_close || close(client));
    client.receive(hex("81 05 48"));
    client.receive_eof();
    EXPECT_EQ(test::events(client), Lines{"closed 1006 unclean"});
    EXPECT_EQ(client.state(), State::closed);
    EXPECT_EQ(client.timer(), std::nullopt);
  }
}

TEST(ConnectionClosing, ReplyStaysWritableBehindTheEndOfTcp) {
  Connection server = test::open(Role::server);
  server.receive(test::frame_to(Role::server, Opcode::close, {}));
  server.receive_eof();
  EXPECT_FALSE(server.wants_shutdown());
  EXPECT_EQ(test::take_output(server), hex("88 00"));
  EXPECT_TRUE(server.wants_shutdown());
}

TEST(ConnectionClosing, WaitingPongGoesOutBeforeTheClose) {
  Connection server = test::open(Role::server);
  ASSERT_TRUE(server.submit(command::Binary{Bytes(1'000'000)}));
  server.receive(test::frame_to(Role::server, Opcode::ping, as_octets("p")));
  ASSERT_TRUE(close(server));
  const Bytes out = test::take_output(server);
  EXPECT_EQ(to_bytes(ByteView(out).last(7)), hex("8a 01 70 88 02 03 e8"));
}

TEST(ConnectionClosing, TimersFollowTheState) {
  Connection client(test::options(Role::client));
  EXPECT_EQ(client.timer(), Limits{}.handshake);
  client.expire();
  EXPECT_EQ(test::events(client), Lines{"closed 1006 unclean"});
  Connection open = test::open(Role::client);
  EXPECT_EQ(open.timer(), std::nullopt);
  open.expire();  // nothing is due
  EXPECT_EQ(open.state(), State::open);
  ASSERT_TRUE(close(open));
  EXPECT_EQ(open.timer(), Limits{}.close);
  open.expire();
  EXPECT_EQ(test::events(open), Lines{"closed 1006 unclean"});
  EXPECT_TRUE(open.output().empty());
}

TEST(ConnectionMisuse, RefusalsLeaveTheConnectionAsItWas) {
  const std::string long_text(126, 'a');
  const struct {
    Misuse misuse;
    Command command;
  } rows[] = {
      {Misuse::wrong_role, command::Connect{"a", "/"}},
      {Misuse::wrong_state, command::Accept{}},
      {Misuse::wrong_state, command::Reject{}},
      {Misuse::no_message_in_progress, command::Continue{}},
      {Misuse::control_too_long, command::Ping{as_octets(long_text)}},
      {Misuse::control_too_long, command::Pong{as_octets(long_text)}},
      {Misuse::text_not_utf8, command::Text{"\xff"}},
      {Misuse::text_not_utf8, command::Text{"\xc3"}},
      {Misuse::text_not_utf8, command::Text{"\xff", false}},
      {Misuse::text_not_utf8, command::Close{CloseReason{1000, "\xff"}}},
      {Misuse::close_code_invalid, command::Close{CloseReason{1005, ""}}},
      {Misuse::close_code_invalid, command::Close{CloseReason{1016, ""}}},
      {Misuse::close_reason_too_long, command::Close{CloseReason{1000, std::string(124, 'a')}}},
  };
  Connection server = test::open(Role::server);
  for (const auto& row : rows) {
    const auto result = server.submit(row.command);
    ASSERT_FALSE(result) << describe(row.misuse);
    EXPECT_EQ(describe(result.error()), describe(row.misuse));
    EXPECT_EQ(server.state(), State::open);
    EXPECT_TRUE(server.output().empty());
  }
  EXPECT_TRUE(close(server, 1000, std::string(123, 'a')));
  for (const Command& command : {Command(command::Text{}), Command(command::Binary{}), Command(command::Continue{}),
                                 Command(command::Ping{}), Command(command::Pong{}), Command(command::Close{})})
    EXPECT_EQ(server.submit(command).error(), Misuse::wrong_state);
}

TEST(ConnectionMisuse, FragmentsOfATextAreCheckedTogether) {
  Connection server = test::open(Role::server);
  ASSERT_TRUE(server.submit(command::Text{"\xc3", false}));
  EXPECT_EQ(server.submit(command::Text{}).error(), Misuse::message_in_progress);
  EXPECT_EQ(server.submit(command::Binary{}).error(), Misuse::message_in_progress);
  EXPECT_EQ(server.submit(command::Continue{as_octets("a"), false}).error(), Misuse::text_not_utf8);
  EXPECT_EQ(server.submit(command::Continue{{}, true}).error(), Misuse::text_not_utf8);
  EXPECT_TRUE(server.submit(command::Continue{as_octets("\xbc")}));
}

TEST(ConnectionMisuse, ConnectChecksWhatItWrites) {
  const std::vector<std::string> empty = {""}, equal = {"a", "a"}, blank = {"a b"};
  const std::vector<Field> line_break = {{"X", "a\r\nY: b"}}, own = {{"sec-websocket-key", "x"}},
                           body = {{"Content-Length", "1"}}, name = {{"X Y", ""}};
  const command::Connect rows[] = {
      {"", "/"},           {"a b", "/"},         {"a", "x"},          {"a", "/a b"},     {"a", "/#"},
      {"a", "/\xc3\xbc"},  {"a", "/", empty},    {"a", "/", equal},   {"a", "/", blank}, {"a", "/", {}, line_break},
      {"a", "/", {}, own}, {"a", "/", {}, body}, {"a", "/", {}, name}};
  for (const auto& row : rows) {
    Connection client(test::options(Role::client));
    EXPECT_EQ(client.submit(row).error(), Misuse::field_malformed) << row.host << row.target;
    EXPECT_TRUE(client.output().empty());
    EXPECT_TRUE(client.submit(command::Connect{"a", "/"}));
  }
  Options bad_nonce = test::options(Role::client);
  bad_nonce.nonce = [] { return std::string("short"); };
  EXPECT_EQ(Connection(bad_nonce).submit(command::Connect{"a", "/"}).error(), Misuse::field_malformed);
  EXPECT_EQ(Connection(test::options(Role::client)).submit(command::Accept{}).error(), Misuse::wrong_role);
  EXPECT_EQ(Connection(test::options(Role::client)).submit(command::Reject{}).error(), Misuse::wrong_role);
}

TEST(ConnectionMisuse, AcceptAndRejectCheckWhatTheyWrite) {
  Connection server(test::options(Role::server));
  EXPECT_EQ(server.submit(command::Accept{}).error(), Misuse::wrong_state);
  server.receive(as_octets(test::request_text()));
  const std::vector<Field> line_break = {{"X", "a\nb"}};
  EXPECT_EQ(server.submit(command::Accept{"chat", {}}).error(), Misuse::subprotocol_not_offered);
  EXPECT_EQ(server.submit(command::Accept{"", line_break}).error(), Misuse::field_malformed);
  EXPECT_EQ(server.submit(command::Reject{101, {}, {}}).error(), Misuse::field_malformed);
  EXPECT_EQ(server.submit(command::Reject{403, line_break, {}}).error(), Misuse::field_malformed);
  EXPECT_TRUE(server.output().empty());
  EXPECT_TRUE(server.submit(command::Accept{}));
}

TEST(ConnectionMisuse, EveryMisuseHasASentence) {
  for (int i = 0; i <= static_cast<int>(Misuse::subprotocol_not_offered); ++i)
    EXPECT_NE(describe(static_cast<Misuse>(i)), "unknown misuse");
}

TEST(ConnectionMemory, IsLentForOutputOnlyWhenNothingWaitsInIt) {
  Connection one = test::open(Role::server), other = test::open(Role::server);
  Bytes memory;
  memory.reserve(1000);
  const std::byte* const lent = memory.data();
  memory.push_back(std::byte{9});  // what is in it is lost
  FastWay::swap_output_memory(one, memory);
  EXPECT_TRUE(one.output().empty());
  EXPECT_TRUE(one.submit(command::Text{"hi"}));
  EXPECT_EQ(one.output().data(), lent);
  FastWay::swap_output_memory(one, memory);  // too early
  EXPECT_EQ(test::to_hex(one.output()), "81 02 68 69");
  EXPECT_EQ(memory.capacity(), 0u);
  one.wrote(4);
  FastWay::swap_output_memory(one, memory);
  FastWay::swap_output_memory(other, memory);
  EXPECT_TRUE(other.submit(command::Text{"ho"}));
  EXPECT_EQ(other.output().data(), lent);
  EXPECT_EQ(test::to_hex(other.output()), "81 02 68 6f");
}

}  // namespace
}  // namespace ws
