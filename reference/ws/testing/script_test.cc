#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/io/serve/echo_server.h>
#include <ws/io/websocket.h>
#include <ws/testing/clock.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>
#include <ws/testing/scripted_endpoints.h>
#include <ws/testing/seeded.h>

#include <asio/this_coro.hpp>

#include <thread>

namespace ws::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Made = asio::awaitable<void>;

std::string wrong(const std::expected<void, std::string>& played) { return played ? "" : played.error(); }

struct Plays {
  std::string client, server;  // what was wrong; empty: nothing
};

// Two scripts play with each other; the end of a play is the end of its TCP.
Plays play(const Script& client, const Script& server) {
  Plays plays;
  std::optional<Pipe> pipe;
  run({[&]() -> Made {
         pipe.emplace(co_await asio::this_coro::executor);
         plays.client = wrong(co_await client.play(*pipe->client));
         pipe->client->close();
       },
       [&]() -> Made {
         plays.server = wrong(co_await server.play(*pipe->server));
         pipe->server->close();
       }});
  return plays;
}

FrameHeader header_of(Opcode opcode, bool fin = true) {
  FrameHeader made;
  made.opcode = opcode;
  made.fin = fin;
  return made;
}

FrameHeader rsv2(Opcode opcode) {
  FrameHeader made = header_of(opcode);
  made.rsv2 = true;
  return made;
}

TEST(Script, TwoOfThemAgree) {
  Script client(Role::client), server(Role::server);
  client.open().send_ping("a").expect_pong("a").send(header_of(Opcode::text, false), "He").send_ping("in");
  client.send(header_of(Opcode::cont), "llo").expect_pong("in").expect_frame(rsv2(Opcode::binary), "x");
  client.send_close(1002, "no").end().expect_end();
  server.open().expect_ping("a").send_pong("a").answer_pings().expect_text("Hello").send(rsv2(Opcode::binary), "x");
  server.expect_close(1002).expect_end().end();
  const auto plays = play(client, server);
  EXPECT_EQ(plays.server, "");
  EXPECT_EQ(plays.client, "");
}

// What the client sends, what the server expects, and what its play says then.
struct Wrong {
  std::function<void(Script&)> sends, expects;
  std::string error;
};

TEST(Script, SaysWhichStepWasExpectedAndWhatCame) {
  const std::vector<Wrong> table = {
      {[](Script& s) { s.send_ping("b"); }, [](Script& s) { s.expect_ping("a"); },
       "expect a Ping \"a\": came Ping \"b\""},
      {[](Script& s) { s.send_text("a"); }, [](Script& s) { s.expect_ping(); },
       "expect a Ping: came a text frame \"a\""},
      {[](Script& s) { s.send_ping("a").expect_pong("a"); }, [](Script& s) { s.answer_pings().expect_pong(); },
       "expect a Pong: came the end of TCP"},
      {[](Script& s) { s.send_text("b"); }, [](Script& s) { s.expect_text("a"); }, "expect the text \"a\": came \"b\""},
      {[](Script& s) { s.send_binary("a"); }, [](Script& s) { s.expect_text("a"); },
       "expect the text \"a\": came a binary frame \"a\""},
      {[](Script& s) { s.send(rsv2(Opcode::text), "a"); }, [](Script& s) { s.expect_text("a"); },
       "came a text frame with RSV2 \"a\""},
      {[](Script& s) { s.send(header_of(Opcode::text, false), "a").send_ping(); }, [](Script& s) { s.expect_text(); },
       "expect the text: came Ping inside the message"},
      {[](Script& s) { s.send_close(1001, "bye"); }, [](Script& s) { s.expect_close(1000); },
       "expect Close 1000: came Close 1001 \"bye\""},
      {[](Script& s) { s.send_close(close_code::kNoStatus); }, [](Script& s) { s.expect_close(1000); },
       "came Close without a code"},
      {[](Script& s) { s.send(header_of(Opcode::close), "x"); }, [](Script& s) { s.expect_close(); },
       "came Close \"x\". The payload of a Close frame is a single octet."},
      {[](Script& s) { s.send(header_of(Opcode::ping), "a"); },
       [](Script& s) { s.expect_frame(rsv2(Opcode::ping), "a"); }, "expect Ping with RSV2 \"a\": came Ping \"a\""},
      {[](Script& s) { s.reset(); }, [](Script& s) { s.expect_text(); }, "came a reset"},
      {[](Script& s) { s.send_text("x"); }, [](Script& s) { s.expect_end(); },
       "expect the end of TCP: came a text frame \"x\""},
      {[](Script& s) { s.end(); }, [](Script& s) { s.expect_reset(); }, "expect a reset: came the end of TCP in order"},
      {[](Script& s) { s.send_octets("\x81\x85"); }, [](Script& s) { s.expect_text(); },
       "came the end of TCP after 0x8185, which is no whole frame"},
      {[](Script& s) { s.send_octets(std::string("\x81\x01\x41", 3)); }, [](Script& s) { s.expect_text("A"); },
       "came a text frame \"A\" without a masking key"},
  };
  for (const Wrong& row : table) {
    Script client(Role::client), server(Role::server);
    row.sends(client.open());
    row.expects(server.open());
    EXPECT_THAT(play(client, server).server, ::testing::EndsWith(row.error));
    EXPECT_THAT(play(client, server).server, ::testing::StartsWith("step "));
  }
}

TEST(Script, JudgesTheOpeningHandshake) {
  Script bad_client(Role::client), server(Role::server);
  bad_client.send_octets(
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n");
  server.open();
  EXPECT_EQ(play(bad_client, server).server,
            "step 1 of 2, expect a request: came a request that breaks a rule: There is no Sec-WebSocket-Key field.");
  Script client(Role::client), bad_server(Role::server);
  client.open();
  bad_server.expect_request().send_octets("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(play(client, bad_server).client,
            "step 2 of 2, expect status 101: came a 101 that breaks a rule: There is no Sec-WebSocket-Accept field.");
  Script refusing(Role::server);
  refusing.expect_request().send_answer(403);
  EXPECT_THAT(play(client, refusing).client, HasSubstr("came status 403"));
}

TEST(Script, GivesUpWhenNothingComes) {
  std::string error;
  run([&]() -> Made {
    const auto executor = co_await asio::this_coro::executor;
    ManualClock clock(executor);
    Pipe pipe(executor);
    Script server(Role::server);
    server.open();
    const io::Watchdog later(executor, clock.now(), [&] { clock.advance(3s); });
    error = wrong(co_await server.play(*pipe.server, 3s));
  });
  EXPECT_EQ(error, "step 1 of 2, expect a request: came nothing for 3000 ms within or before the head");
}

// The strict client against a script, over a pipe.
TEST(Script, FindsThatTheStrictClientFailsAReservedBit) {
  std::string error;
  std::optional<Violation> violation;
  std::optional<Pipe> pipe;
  Script server(Role::server);
  server.open().send(rsv2(Opcode::text), "x").expect_close(1002).end().expect_end();
  run({[&]() -> Made {
         pipe.emplace(co_await asio::this_coro::executor);
         error = wrong(co_await server.play(*pipe->server));
         pipe->server->close();
       },
       [&]() -> Made {
         const auto url = parse_url("ws://pipe.test/");
         io::ConnectOptions options;
         make_deterministic(options.connection, 1);
         auto socket = co_await io::connect(std::move(pipe->client), *url, options);
         if (!socket) co_return;
         const auto received = co_await socket->read();
         if (received && std::holds_alternative<io::Ended>(*received))
           violation = std::get<io::Ended>(*received).violation;
       }});
  EXPECT_EQ(error, "");
  EXPECT_EQ(violation, Violation::reserved_bit);
}

TEST(ScriptedEndpoints, PlayWithRealConnections) {
  auto echo = io::EchoServer::start({});
  ASSERT_TRUE(echo) << echo.error();
  const auto url = parse_url("ws://127.0.0.1:" + std::to_string((*echo)->port()) + "/");
  Script client(Role::client);
  client.open().send_text("hello").expect_text("hello").send_close().expect_close(1000).expect_end();
  EXPECT_EQ(wrong(play_as_client(client, *url)), "");
  Script expects_more(Role::client);
  expects_more.open().send_text("hello").expect_text("hello!");
  EXPECT_EQ(wrong(play_as_client(expects_more, *url)), "step 4 of 4, expect the text \"hello!\": came \"hello\"");
}

TEST(ScriptedEndpoints, TellHowEachPlayEnded) {
  Script script(Role::server);
  script.open().expect_text("hello").send_text("hello").expect_close(1000);
  auto server = ScriptedServer::start(script);
  ASSERT_TRUE(server) << server.error();
  const auto url = parse_url((*server)->url());
  ASSERT_TRUE(url);
  for (const std::string text : {"hello", "hullo"}) {
    Script client(Role::client);
    client.open().send_text(text).expect_text().send_close().expect_end();
    (void)play_as_client(client, *url);
  }
  EXPECT_EQ(wrong((*server)->result()), "");
  EXPECT_THAT(wrong((*server)->result()), HasSubstr("came \"hullo\""));
  EXPECT_THAT(wrong((*server)->result(0ms)), HasSubstr("no play was over"));
}

TEST(ScriptedEndpoints, WantAScriptOfTheirRole) {
  EXPECT_FALSE(ScriptedServer::start(Script(Role::client)));
  EXPECT_FALSE(play_as_client(Script(Role::server), *parse_url("ws://127.0.0.1:1/")));
}

}  // namespace
}  // namespace ws::testing
