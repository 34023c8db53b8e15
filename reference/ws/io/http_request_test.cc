// Ordinary requests beside WebSockets, on one port. RFC 9110, RFC 9112.
#include <ws/io/http_request_impl.h>
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

asio::awaitable<std::optional<HttpAnswer>> route(const Asking& asking, const std::string& body) {
  const RequestHead& request = asking.request;
  if (request.target == "/health") co_return HttpAnswer{.body = "well\n"};
  if (request.target == "/who") co_return HttpAnswer{.body = asking.peer.address};
  if (request.target == "/upper") {
    std::string loud;
    for (const char c : body) loud += static_cast<char>(c - 'a' + 'A');
    co_return HttpAnswer{.status = 201, .fields = {{"Content-Type", "text/x-loud"}}, .body = loud};
  }
  if (request.target == "/gone") co_return HttpAnswer{.status = 204};
  if (request.target == "/split") co_return HttpAnswer{.fields = {{"X", "a\r\nY: b"}}};
  co_return std::nullopt;
}

AcceptOptions with_routes() {
  AcceptOptions options;
  options.http = route;
  options.http_body = 10;
  return options;
}

// What a client sees who says this, in pieces, and then only listens; and what accept() says of it.
struct Seen {
  std::string text;
  std::optional<OpenError> error;
};
asio::awaitable<Seen> seen_with(AcceptOptions options, std::string first, std::string second, std::string third) {
  Pair pair = co_await connected(false);
  Seen seen;
  Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
    auto socket = co_await accept(std::move(pair.server), options);
    if (!socket) seen.error = std::move(socket.error());
  });
  for (const std::string* const piece : {&first, &second, &third}) {
    if (!piece->empty()) (void)co_await pair.client->write(as_octets(*piece));
    co_await yield_often(5);
  }
  seen.text = (co_await read_all(*pair.client)).text;
  pair.client->close();
  co_await server.join();
  co_return seen;
}

asio::awaitable<Seen> seen_by(std::string first, std::string second = "", std::string third = "") {
  return seen_with(with_routes(), std::move(first), std::move(second), std::move(third));
}

std::string request(const std::string& first_line, const std::string& more = "") {
  return first_line + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

TEST(Http, ARouteIsAnsweredAndTheConnectionEnds) {
  run([]() -> asio::awaitable<void> {
    const Seen seen = co_await seen_by(request("GET /health"));
    EXPECT_THAT(seen.text, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(seen.text, HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_THAT(seen.text, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(seen.text, HasSubstr("\r\nDate: "));
    EXPECT_THAT(seen.text, EndsWith("\r\n\r\nwell\n"));
    CO_REQUIRE(seen.error);
    EXPECT_EQ(seen.error->answered, 200);
    EXPECT_EQ(seen.error->address, "127.0.0.1");
  });
}

TEST(Http, KnowsWhoAsks) {
  run([]() -> asio::awaitable<void> {
    EXPECT_THAT((co_await seen_by(request("GET /who"))).text, EndsWith("\r\n\r\n127.0.0.1"));
  });
}

TEST(Http, HeadAnd204HaveNoBody) {
  run([]() -> asio::awaitable<void> {
    const std::string head = (co_await seen_by(request("HEAD /health"))).text;
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    const std::string gone = (co_await seen_by(request("GET /gone"))).text;
    EXPECT_THAT(gone, StartsWith("HTTP/1.1 204 No Content\r\n"));
    EXPECT_THAT(gone, Not(HasSubstr("Content-Length")));
  });
}

TEST(Http, ABodyComesWhole) {
  run([]() -> asio::awaitable<void> {
    const std::string head = request("POST /upper", "Content-Length: 5\r\n");
    EXPECT_THAT(
        (co_await seen_by(head + "he", "ll", "oGET / HTTP/1.1\r\n\r\n")).text,
        testing::AllOf(StartsWith("HTTP/1.1 201 Created\r\nContent-Type: text/x-loud\r\n"), EndsWith("\r\n\r\nHELLO")));
    const std::string asks = request("POST /upper", "Content-Length: 5\r\nExpect: 100-continue\r\n");
    EXPECT_THAT((co_await seen_by(asks, "hello")).text,
                testing::AllOf(StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201"), EndsWith("HELLO")));
  });
}

TEST(Http, ABodyThatCannotBeTakenIsRefused) {
  run([]() -> asio::awaitable<void> {
    const auto status = [](std::string fields) -> asio::awaitable<std::string> {
      const Seen seen = co_await seen_by(request("POST /upper", fields));
      co_return seen.text.substr(9, 3);
    };
    EXPECT_EQ(co_await status("Content-Length: 11\r\n"), "413");
    EXPECT_EQ(co_await status("Transfer-Encoding: chunked\r\n"), "411");
    EXPECT_EQ(co_await status("Content-Length: +5\r\n"), "400");
    EXPECT_EQ(co_await status("Content-Length: 5\r\nContent-Length: 6\r\n"), "400");
    EXPECT_EQ(co_await status("Content-Length: 99999999999999999999\r\n"), "400");
  });
}

TEST(Http, AnAnswerThatWouldBeTwoIsNotSent) {
  run([]() -> asio::awaitable<void> {
    const std::string text = (co_await seen_by(request("GET /split"))).text;
    EXPECT_THAT(text, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(text, Not(HasSubstr("Y: b")));
  });
}

TEST(Http, WhatNoRouteTakesIsRefusedAsWithoutRoutes) {
  run([]() -> asio::awaitable<void> {
    const Seen other = co_await seen_by(request("GET /other"));
    EXPECT_THAT(other.text, StartsWith("HTTP/1.1 426 "));
    CO_REQUIRE(other.error);
    EXPECT_FALSE(other.error->answered);
    EXPECT_EQ(other.error->violation, Violation::upgrade_missing);
    EXPECT_THAT((co_await seen_by("no HTTP\r\n\r\n")).text, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT((co_await seen_by(request("GET /health", "Upgrade: websocket\r\nConnection: Upgrade\r\n"))).text,
                StartsWith("HTTP/1.1 426 "))
        << "a broken request for a WebSocket is no route's";
  });
}

TEST(Http, ASilentClientHasLimitedTime) {
  run([]() -> asio::awaitable<void> {
    AcceptOptions options = with_routes();
    options.connection.limits.handshake = milliseconds(10);
    const Seen seen = co_await seen_with(options, "GET /hea", "", "");
    CO_REQUIRE(seen.error);
    EXPECT_EQ(seen.error->code, asio::error::timed_out);
  });
}

TEST(Http, RoutesAndWebSocketsShareAPort) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    ServiceOptions options;
    options.accept = with_routes();
    auto service = Service::start(executor, options, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      (void)co_await socket->write_text("hello");
      (void)co_await socket->read();
    });
    CO_REQUIRE(service);
    DialOptions dialing;
    dialing.host = "127.0.0.1";
    dialing.port = (*service)->port();
    for (int i = 0; i < 2; ++i) {
      auto plain = co_await dial(dialing);
      CO_REQUIRE(plain);
      (void)co_await (*plain)->write(as_octets(request("GET /health")));
      EXPECT_THAT((co_await read_all(**plain)).text, EndsWith("well\n"));
      auto client = co_await connect(Url("127.0.0.1", dialing.port, "/health"));  // asks for a WebSocket all the same
      CO_REQUIRE(client);
      EXPECT_EQ(text_of(co_await client->read()), "hello");
      EXPECT_TRUE(co_await client->close());
    }
    while ((*service)->connections() != 0) co_await yield_often(1);
    const ServiceCounters counters = (*service)->counters();
    EXPECT_EQ(counters.http_answered, 2u);
    EXPECT_EQ(counters.opened, 2u);
    (void)co_await (*service)->stop();
  });
}

// The example of RFC 9110 5.6.7.
TEST(Http, WritesDatesAsTheRfcDoes) {
  EXPECT_EQ(http_date(std::chrono::system_clock::from_time_t(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace ws::io
