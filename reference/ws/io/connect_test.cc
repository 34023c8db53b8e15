// The opening handshake of a client, from the URL on. RFC 6455 4.1.
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Connect, TellsOfARefusal) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_THAT(co_await read_head(*pair.server), StartsWith("GET /chat HTTP/1.1\r\nHost: localhost\r\n"));
      (void)co_await pair.server->write(as_octets("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    });
    const auto socket = co_await connect(std::move(pair.client), kUrl, ConnectOptions());
    co_await server.join();
    CO_REQUIRE(!socket && socket.error().rejected);
    EXPECT_EQ(socket.error().rejected->status, 403);
    EXPECT_EQ(socket.error().text, "opening handshake with localhost: refused with status 403");
  });
}

TEST(Connect, GivesUpAtItsDeadline) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    ConnectOptions options;
    options.deadline = milliseconds(10);
    const auto socket = co_await connect(std::move(pair.client), kUrl, options);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().code, asio::error::timed_out);
    EXPECT_THAT(socket.error().text, HasSubstr("no answer in time"));
  });
}

TEST(Connect, TellsWhatTheServerDidWrong) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
      (void)co_await read_head(*pair.server);
      (void)co_await pair.server->write(
          as_octets("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"));
      (void)co_await read_all(*pair.server);
      pair.server->close();
    });
    const auto socket = co_await connect(std::move(pair.client), kUrl, ConnectOptions());
    co_await server.join();
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().violation, Violation::accept_wrong);
    EXPECT_THAT(socket.error().text, HasSubstr(rule(Violation::accept_wrong).text));
  });
}

TEST(Connect, NamesTheStageThatFailed) {
  run([]() -> asio::awaitable<void> {
    const Url url("no..such..name", 80);
    const auto socket = co_await connect(url, ConnectOptions());
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().stage, DialStage::resolve);
  });
}

// A server that gives each client the next of `answers` and keeps the request heads.
struct Answering {
  Answering(const asio::any_io_executor& executor, std::vector<std::string> given)
      : answers(std::move(given)), listener(std::move(*Listener::open(executor, ListenOptions()))) {
    serving.emplace(executor, [this]() -> asio::awaitable<void> {
      for (const std::string& answer : answers) {
        auto stream = co_await listener->accept();
        if (!stream) co_return;
        requests.push_back(co_await read_head(**stream));
        (void)co_await (*stream)->write(as_octets(answer));
        (void)co_await read_all(**stream);
      }
    });
  }
  Url url(std::string target = "/") const { return {"127.0.0.1", listener->port(), std::move(target)}; }
  std::vector<std::string> answers, requests;
  std::unique_ptr<Listener> listener;
  std::optional<Task> serving;
};

template <class... Texts>
std::vector<std::string> all_of(const Texts&... texts) {
  return {std::string(texts)...};
}

std::vector<Field> credentials_and_more() {
  return {{"Authorization", "Bearer x"}, {"Cookie", "a=b"}, {"X-Kept", "1"}};
}

std::string redirection(const std::string& location) {
  return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
}

constexpr const char* kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

TEST(Connect, RedirectionsAreRefusedAndNamed) {
  run([]() -> asio::awaitable<void> {
    Answering server(co_await asio::this_coro::executor, all_of(redirection("https://example.com/chat")));
    const auto socket = co_await connect(server.url(), ConnectOptions());
    co_await server.serving->join();
    CO_REQUIRE(!socket && socket.error().rejected);
    EXPECT_EQ(socket.error().rejected->status, 302);
    EXPECT_THAT(socket.error().text,
                HasSubstr("refused with status 302: it redirects to wss://example.com/chat, and redirections are not "
                          "followed (ConnectOptions::max_redirects is 0)"));
  });
}

TEST(Connect, FollowsRedirectionsUpToTheLimit) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Answering other(executor, all_of(redirection("/loop")));
    const std::string there = "http://127.0.0.1:" + std::to_string(other.listener->port()) + "/other#part";
    Answering first(executor, all_of(redirection("/here?x=1"), redirection(there)));
    ConnectOptions options;
    options.max_redirects = 2;
    options.extra_fields = credentials_and_more();
    const auto socket = co_await connect(first.url(), options);
    co_await first.serving->join();
    co_await other.serving->join();
    CO_REQUIRE(!socket);
    EXPECT_THAT(socket.error().text, HasSubstr("too many were followed already"));
    CO_REQUIRE(first.requests.size() == 2 && other.requests.size() == 1);
    EXPECT_THAT(first.requests[1], StartsWith("GET /here?x=1 HTTP/1.1\r\n"));
    EXPECT_THAT(first.requests[1], HasSubstr("Authorization: Bearer x\r\n"));
    EXPECT_THAT(other.requests[0], StartsWith("GET /other HTTP/1.1\r\n"));
    // What was meant for the first server is not shown to another one.
    EXPECT_THAT(other.requests[0], testing::Not(HasSubstr("Authorization")));
    EXPECT_THAT(other.requests[0], testing::Not(HasSubstr("Cookie")));
    EXPECT_THAT(other.requests[0], HasSubstr("X-Kept: 1\r\n"));
  });
}

TEST(Connect, ARedirectionThatLeadsNowhereSaysSo) {
  run([]() -> asio::awaitable<void> {
    Answering server(co_await asio::this_coro::executor, all_of(redirection("mailto:x"), kNotFound));
    ConnectOptions options;
    options.max_redirects = 5;
    auto socket = co_await connect(server.url(), options);
    CO_REQUIRE(!socket);
    EXPECT_THAT(socket.error().text, HasSubstr("its Location mailto:x is no use"));
    socket = co_await connect(server.url(), options);
    co_await server.serving->join();
    CO_REQUIRE(!socket);
    EXPECT_THAT(socket.error().text, testing::EndsWith("refused with status 404"));
  });
}

TEST(Connect, SendsTheApplicationsFieldsAndRefusesItsOwn) {
  run([]() -> asio::awaitable<void> {
    ConnectOptions options;
    options.extra_fields.push_back({"X-Token", "42"});
    const Sockets s = co_await opened(false, options);
    const Field* const field = find_field(s.server->request().fields, "x-token");
    CO_REQUIRE(field != nullptr);
    EXPECT_EQ(field->value, "42");
    Pair pair = co_await connected(false);
    options.extra_fields.push_back({"Sec-WebSocket-Key", "mine"});
    const auto refused = co_await connect(std::move(pair.client), kUrl, options);
    CO_REQUIRE(!refused);
    EXPECT_EQ(refused.error().code, make_error_code(Misuse::field_malformed));
  });
}

}  // namespace
}  // namespace ws::io
