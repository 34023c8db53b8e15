// The opening handshake of both roles, through a whole connection. RFC 6455 4.
#include <ws/core/connection/connection.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using Lines = std::vector<std::string>;
using test::operator+;

TEST(ConnectionHandshake, ClientWritesTheRequest) {
  Connection client(test::options(Role::client));
  const std::vector<std::string> subprotocols = {"chat", "superchat"};
  const std::vector<Field> fields = {{"Origin", "http://example.com"}};
  ASSERT_TRUE(client.submit(command::Connect{"server.example.com", "/chat", subprotocols, fields}));
  EXPECT_EQ(
      as_text(client.output()),
      "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, "
      "superchat\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nOrigin: http://example.com\r\n\r\n");
  EXPECT_EQ(client.state(), State::connecting);
  EXPECT_EQ(client.submit(command::Connect{"a", "/"}).error(), Misuse::wrong_state);
}

TEST(ConnectionHandshake, ServerAnswersTheExampleOfTheRfc) {
  Connection server(test::options(Role::server));
  server.receive(as_octets(test::request_text("Sec-WebSocket-Protocol: chat, superchat\r\n")));
  EXPECT_EQ(test::events(server), Lines{"requested /chat dGhlIHNhbXBsZSBub25jZQ=="});
  EXPECT_TRUE(server.output().empty());
  ASSERT_TRUE(server.submit(command::Accept{"chat", {}}));
  EXPECT_EQ(as_text(server.output()),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
  EXPECT_EQ(test::events(server), Lines{"opened 'chat' 0"});
  EXPECT_EQ(server.state(), State::open);
}

TEST(ConnectionHandshake, ServerRejects) {
  Connection server(test::options(Role::server));
  server.receive(as_octets(test::request_text()));
  const std::vector<Field> fields = {{"X-Why", "because"}};
  ASSERT_TRUE(server.submit(command::Reject{403, fields, "no"}));
  EXPECT_EQ(as_text(server.output()),
            "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\nX-Why: because\r\n\r\nno");
  EXPECT_FALSE(server.wants_shutdown());
  test::take_output(server);
  EXPECT_TRUE(server.wants_shutdown());
  EXPECT_EQ(server.state(), State::draining);
}

TEST(ConnectionHandshake, ServerSends100WhereItIsAsked) {  // RFC 9110 7.8
  Connection server(test::options(Role::server));
  server.receive(as_octets(test::request_text("Expect: 100-continue\r\n")));
  ASSERT_TRUE(server.submit(command::Accept{}));
  EXPECT_TRUE(as_text(server.output()).starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 "));
}

TEST(ConnectionHandshake, FramesBehindTheHeadAreRead) {
  Connection client = test::connecting(test::options(Role::client));
  client.receive(as_octets(test::response_text() + "\x81\x01"
                                                   "a"));
  EXPECT_EQ(test::events(client), (Lines{"opened '' 101", "text a"}));
  Connection server(test::options(Role::server));
  server.receive(to_bytes(test::request_text()) + test::frame_to(Role::server, Opcode::text, as_octets("a")));
  server.receive(test::frame_to(Role::server, Opcode::text, as_octets("b")));
  EXPECT_EQ(test::events(server).size(), 1U);
  ASSERT_TRUE(server.submit(command::Accept{}));
  EXPECT_EQ(test::events(server), (Lines{"opened '' 0", "text a", "text b"}));
}

TEST(ConnectionHandshake, ClientSkipsInterimAnswers) {  // RFC 9110 15.2
  Connection client = test::connecting(test::options(Role::client));
  client.receive(as_octets("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                           test::response_text("Sec-WebSocket-Protocol: chat\r\n")));
  EXPECT_EQ(test::events(client), Lines{"opened 'chat' 101"});
}

TEST(ConnectionHandshake, ClientReportsARefusal) {
  Connection client = test::connecting(test::options(Role::client));
  client.receive(as_octets("HTTP/1.0 404 Not Found\r\n\r\nbody"));
  client.receive(as_octets("more body"));
  EXPECT_TRUE(client.wants_shutdown());
  client.receive_eof();
  EXPECT_EQ(test::events(client), (Lines{"rejected 404", "closed 1006 unclean"}));
}

TEST(ConnectionHandshake, ClientFailsAServerThatSpeaksFirst) {
  Connection client(test::options(Role::client));
  client.receive(as_octets("H"));
  EXPECT_EQ(test::events(client), Lines{"failed head-malformed at 0"});
}

TEST(ConnectionHandshake, EveryCutOfTheHeadsGivesTheSame) {
  const std::string request = test::request_text("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                    response = "HTTP/1.1 100 x\r\n\r\n" + test::response_text();
  for (const Role role : {Role::client, Role::server}) {
    const Bytes input =
        to_bytes(role == Role::client ? response : request) + test::frame_to(role, Opcode::text, as_octets("a"));
    const auto whole = test::trace(test::connecting(test::options(role)), input, {});
    EXPECT_EQ(whole.events.back(), "closed 1006 unclean");
    for (std::size_t cut = 1; cut < input.size(); ++cut)
      ASSERT_EQ(test::trace(test::connecting(test::options(role)), input, {cut}), whole) << cut;
  }
}

TEST(ConnectionHandshake, ClientWithoutMaskKeyCannotBeMade) {
  EXPECT_THROW(Connection(Options{}), std::invalid_argument);
}

}  // namespace
}  // namespace ws
