// The opening handshake of a server over streams. RFC 6455 4.2.
#include <ws/io/cookie.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Accept, AgreesOnTheClientsFirstSubprotocolThatTheServerSpeaks) {
  run([]() -> asio::awaitable<void> {
    ConnectOptions connecting;
    connecting.subprotocols = {"a", "b", "c"};
    AcceptOptions accepting;
    accepting.subprotocols = {"c", "b"};
    const Sockets s = co_await opened(false, connecting, accepting);
    EXPECT_EQ(s.client->subprotocol(), "b");
    EXPECT_EQ(s.server->subprotocol(), "b");
  });
}

TEST(Accept, GivesASilentClientLimitedTime) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    AcceptOptions options;
    options.connection.limits.handshake = milliseconds(10);
    const auto socket = co_await accept(std::move(pair.server), options);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().code, asio::error::timed_out);
    EXPECT_EQ((co_await read_all(*pair.client)).error, asio::error::eof);
  });
}

TEST(Accept, AnswersABrokenRequest) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    std::optional<OpenError> error;
    Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
      auto socket = co_await accept(std::move(pair.server), AcceptOptions());
      if (!socket) error = std::move(socket.error());
    });
    (void)co_await pair.client->write(as_octets("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_THAT((co_await read_all(*pair.client)).text, StartsWith("HTTP/1.1 4"));
    pair.client->close();
    co_await server.join();
    CO_REQUIRE(error);
    EXPECT_EQ(error->violation, Violation::upgrade_missing);
  });
}

// What accept() makes of a request with these fields, and what the client sees of it.
struct Outcome {
  std::optional<OpenError> error;
  std::string seen;
};
asio::awaitable<Outcome> ask(AcceptOptions options, std::string fields) {
  Pair pair = co_await connected(false);
  Outcome outcome;
  Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
    auto socket = co_await accept(std::move(pair.server), options);
    if (!socket) outcome.error = std::move(socket.error());
  });
  const std::string request =
      "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
      fields + "\r\n";
  (void)co_await pair.client->write(as_octets(request));
  outcome.seen = co_await read_head(*pair.client);
  outcome.seen += (co_await read_all(*pair.client)).text;
  pair.client->close();
  co_await server.join();
  co_return std::move(outcome);
}

TEST(Accept, TheApplicationMayRefuseWithStatusFieldsAndBody) {
  run([]() -> asio::awaitable<void> {
    AcceptOptions options;
    options.answer = [](const RequestHead& request) -> asio::awaitable<Answer> {
      Answer answer;
      if (find_field(request.fields, "Authorization") == nullptr) {
        answer.status = 401;
        answer.fields.push_back({"WWW-Authenticate", "Bearer"});
        answer.body = "who are you?\n";
      }
      co_return answer;
    };
    const Outcome outcome = co_await ask(options, "");
    EXPECT_THAT(outcome.seen, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
    EXPECT_THAT(outcome.seen, HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"));
    EXPECT_THAT(outcome.seen, HasSubstr("\r\nContent-Length: 13\r\n"));
    EXPECT_THAT(outcome.seen, testing::EndsWith("\r\n\r\nwho are you?\n"));
    CO_REQUIRE(outcome.error);
    EXPECT_EQ(outcome.error->refused, 401);
    EXPECT_THAT(outcome.error->text, HasSubstr("we refused with status 401: who are you?"));
    EXPECT_THAT((co_await ask(options, "Authorization: Bearer x\r\n")).seen, StartsWith("HTTP/1.1 101 "));
  });
}

std::vector<Cookie> two_cookies(const std::string& first, const std::string& second) {
  return {{"session", first}, {"lang", second}};
}

TEST(Accept, TheApplicationMayTakeTimeChooseTheSubprotocolAndSetCookies) {
  run([]() -> asio::awaitable<void> {
    Signal knows(co_await asio::this_coro::executor);
    bool asked = false;
    AcceptOptions accepting;
    accepting.subprotocols = {"a"};
    accepting.answer = [&](const RequestHead& request) -> asio::awaitable<Answer> {
      asked = true;
      (void)co_await knows.wait();
      Answer answer;
      answer.subprotocol = "b";
      for (const Cookie& cookie : cookies_of(request))
        answer.fields.push_back({"Set-Cookie", cookie.name + "=" + cookie.value + "2; HttpOnly"});
      co_return answer;
    };
    ConnectOptions connecting;
    connecting.subprotocols = {"a", "b"};
    connecting.extra_fields.push_back(*cookie_field(two_cookies("1", "en")));
    std::optional<Sockets> s;
    Task opening(co_await asio::this_coro::executor,
                 [&]() -> asio::awaitable<void> { s = co_await opened(false, connecting, accepting); });
    while (!asked) co_await yield_often(1);
    EXPECT_FALSE(opening.ended());
    knows.notify_all();
    co_await opening.join();
    CO_REQUIRE(s);
    EXPECT_EQ(s->server->subprotocol(), "b");
    EXPECT_EQ(s->client->subprotocol(), "b");
    EXPECT_EQ(cookies_set_by(s->client->response()), two_cookies("12", "en2"));
  });
}

TEST(Accept, AnAnswerThatCannotBeSentIs500AndSaysWhy) {
  run([]() -> asio::awaitable<void> {
    AcceptOptions options;
    options.answer = [](const RequestHead&) -> asio::awaitable<Answer> {
      Answer answer;
      answer.subprotocol = "nobody asked";
      co_return answer;
    };
    const Outcome outcome = co_await ask(options, "");
    EXPECT_THAT(outcome.seen, StartsWith("HTTP/1.1 500 "));
    CO_REQUIRE(outcome.error);
    EXPECT_EQ(outcome.error->code, make_error_code(Misuse::subprotocol_not_offered));
    EXPECT_THAT(outcome.error->text, HasSubstr(describe(Misuse::subprotocol_not_offered)));
  });
}

TEST(Accept, AnExceptionOfTheApplicationEndsTheConnection) {
  run([]() -> asio::awaitable<void> {
    AcceptOptions options;
    options.answer = [](const RequestHead&) -> asio::awaitable<Answer> {
      throw std::runtime_error("no database");
      co_return Answer();
    };
    bool thrown = false;
    try {
      (void)co_await opened(false, ConnectOptions(), options);
    } catch (const std::runtime_error&) {
      thrown = true;  // the client's: it was left without an answer
    }
    EXPECT_TRUE(thrown);
  });
}

TEST(Accept, PagesOfOtherSitesAreRefused) {  // RFC 6455 10.2
  run([]() -> asio::awaitable<void> {
    AcceptOptions options;
    bool asked = false;
    options.answer = [&asked](const RequestHead&) -> asio::awaitable<Answer> {
      asked = true;
      co_return Answer();
    };
    const Outcome outcome = co_await ask(options, "Origin: https://evil.example\r\n");
    EXPECT_FALSE(asked);
    EXPECT_THAT(outcome.seen, StartsWith("HTTP/1.1 403 Forbidden\r\n"));
    CO_REQUIRE(outcome.error);
    EXPECT_EQ(outcome.error->refused, 403);
    EXPECT_THAT(outcome.error->text, HasSubstr("the origin https://evil.example may not connect here"));
    EXPECT_THAT((co_await ask(options, "Origin: http://localhost\r\n")).seen, StartsWith("HTTP/1.1 101 "));
    options.origins.patterns = {"*.example"};
    EXPECT_THAT((co_await ask(options, "Origin: https://evil.example\r\n")).seen, StartsWith("HTTP/1.1 101 "));
  });
}

TEST(Accept, TheDeadlineEndsTheConnectionWhileTheApplicationThinks) {
  run([]() -> asio::awaitable<void> {
    Signal gone(co_await asio::this_coro::executor);
    AcceptOptions options;
    options.connection.limits.handshake = milliseconds(10);
    options.answer = [&](const RequestHead&) -> asio::awaitable<Answer> {
      (void)co_await gone.wait();
      co_return Answer();
    };
    std::optional<Outcome> outcome;
    Task asking(co_await asio::this_coro::executor,
                [&]() -> asio::awaitable<void> { outcome = co_await ask(options, ""); });
    Signal never(co_await asio::this_coro::executor);
    (void)co_await never.wait(deadline_after(milliseconds(50)));
    gone.notify_all();
    co_await asking.join();
    CO_REQUIRE(outcome && outcome->error);
    EXPECT_EQ(outcome->seen, "");
    EXPECT_EQ(outcome->error->code, asio::error::timed_out);
  });
}

TEST(Accept, TheReadLimitCountsWhatWasInflated) {
  run([]() -> asio::awaitable<void> {
    const AcceptOptions defaults;
    EXPECT_EQ(defaults.connection.limits.message, kReadLimit);
    AcceptOptions options;
    options.connection.limits.message = 100'000;
    Sockets s = co_await opened(false, ConnectOptions(), options);
    EXPECT_FALSE(co_await s.client->write_binary(Bytes(100'000)));
    EXPECT_LT(s.client->queued(), 1000u);
    EXPECT_EQ(text_of(co_await s.server->read()).size(), 100'000 + std::string("binary: ").size());
    EXPECT_FALSE(co_await s.client->write_binary(Bytes(100'001)));  // a few hundred octets on the wire
    Task reading(s.client->stream().executor(), [&]() -> asio::awaitable<void> {
      EXPECT_THAT(text_of(co_await s.client->read()), StartsWith("ended 1009"));
    });
    const auto received = co_await s.server->read();
    co_await reading.join();
    CO_REQUIRE(received && std::holds_alternative<Ended>(*received));
    EXPECT_EQ(std::get<Ended>(*received).violation, Violation::message_too_big);
  });
}

}  // namespace
}  // namespace ws::io
