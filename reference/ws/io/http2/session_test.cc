// WebSockets on streams of one HTTP/2 connection: the same WebSocket, and what RFC 8441 5 makes of the ends of TCP.
#include <ws/io/http2/serve.h>
#include <ws/io/serve/echo_server.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

// Two ends of an HTTP/2 connection.
struct Ends {
  std::shared_ptr<http2::Session> client, server;
};

asio::awaitable<Ends> sessions(bool secure = false, http2::SessionOptions serving = http2::SessionOptions()) {
  Pair pair = co_await connected(secure);
  serving.role = Role::server;
  Ends ends;
  ends.client = http2::Session::start(std::move(pair.client));
  ends.server = http2::Session::start(std::move(pair.server), serving);
  if (const auto error = co_await ends.client->ready()) throw std::runtime_error(error.message());
  co_return ends;
}

// One more WebSocket on it.
asio::awaitable<Sockets> tunnel(Ends& ends, ConnectOptions connecting = ConnectOptions(),
                                AcceptOptions accepting = AcceptOptions()) {
  Sockets sockets;
  Task server(ends.server->executor(), [&]() -> asio::awaitable<void> {
    auto request = co_await ends.server->accept();
    CO_REQUIRE(request);
    auto stream = co_await http2::tunnel_of(std::move(*request));
    CO_REQUIRE(stream);
    auto result = co_await accept(std::move(stream), accepting);
    CO_REQUIRE(result);
    sockets.server.emplace(std::move(*result));
  });
  auto client = co_await connect(std::make_unique<http2::TunnelStream>(ends.client), kUrl, connecting);
  if (!client) throw std::runtime_error(client.error().text);
  sockets.client.emplace(std::move(*client));
  co_await server.join();
  co_return std::move(sockets);
}

TEST(Http2Session, CarriesAWebSocketFromTheRequestToTheEnd) {
  for (const bool secure : {false, true}) {
    run([&]() -> asio::awaitable<void> {
      Ends ends = co_await sessions(secure);
      EXPECT_TRUE(ends.client->peer_allows_connect());
      ConnectOptions connecting;
      connecting.subprotocols = {"chat", "superchat"};
      connecting.extra_fields.push_back({"X-Token", "42"});
      AcceptOptions accepting;
      accepting.subprotocols = {"superchat"};
      Sockets s = co_await tunnel(ends, connecting, accepting);
      EXPECT_EQ(s.client->subprotocol(), "superchat");
      EXPECT_TRUE(s.client->deflate().has_value());
      EXPECT_EQ(s.server->request().target, "/chat");
      EXPECT_EQ(find_field(s.server->request().fields, "host")->value, "localhost");
      EXPECT_EQ(find_field(s.server->request().fields, "x-token")->value, "42");
      EXPECT_FALSE(co_await s.client->write_text("hello"));
      EXPECT_EQ(text_of(co_await s.server->read()), "hello");
      EXPECT_FALSE(co_await s.server->write_binary(Bytes(1000 * 1000, std::byte{'x'})));
      EXPECT_EQ(text_of(co_await s.client->read()).size(), 8u + 1000 * 1000);
      Task reader(ends.server->executor(), [&]() -> asio::awaitable<void> {
        EXPECT_EQ(text_of(co_await s.server->read()), "ended 1000 bye clean");
      });
      const auto ended = co_await s.client->close(1000, "bye");
      CO_REQUIRE(ended);
      EXPECT_TRUE(ended->clean);
      EXPECT_FALSE(ended->error) << ended->error.message();
      co_await reader.join();
      ends.client->close();
    });
  }
}

// RFC 9113 5.1.1: growing numbers.
TEST(Http2Session, ARequestOnAStreamThatWasPassedOverEndsTheConnection) {
  const auto headers_on = [](std::int32_t stream) {
    Bytes frame;  // HEADERS with END_STREAM: GET http x /
    for (const int octet : {0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 1, 1, 0x78})
      frame.push_back(static_cast<std::byte>(octet));
    return frame;
  };
  for (const std::int32_t first : {5, 9}) {
    run([&]() -> asio::awaitable<void> {
      Pair pair = co_await connected(false);
      http2::SessionOptions asking, serving;
      asking.first_stream = first;
      serving.role = Role::server;
      const auto client = http2::Session::start(std::move(pair.client), asking);
      const auto server = http2::Session::start(std::move(pair.server), serving);
      EXPECT_FALSE(co_await client->ready());
      auto asked =
          client->request({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}, true);
      CO_REQUIRE(asked);
      auto request = co_await server->accept();
      CO_REQUIRE(request);
      (*request)->answer({{":status", "404"}}, true);
      client->inject(headers_on(first - 2));
      EXPECT_TRUE(co_await client->ping(deadline_after(std::chrono::seconds(5))));
      EXPECT_EQ(client->last_words(), "GOAWAY with PROTOCOL_ERROR");
      client->close();
    });
  }
}

TEST(Http2Session, ARefusalIsAnAnswer) {
  run([]() -> asio::awaitable<void> {
    Ends ends = co_await sessions();
    Task server(ends.server->executor(), [&]() -> asio::awaitable<void> {
      auto request = co_await ends.server->accept();
      CO_REQUIRE(request);
      AcceptOptions options;
      options.answer = [](const RequestHead&) -> asio::awaitable<Answer> {
        Answer answer;
        answer.status = 403;
        answer.body = "not you\n";
        co_return answer;
      };
      const auto refused = co_await accept(co_await http2::tunnel_of(std::move(*request)), options);
      EXPECT_FALSE(refused);
    });
    const auto client = co_await connect(std::make_unique<http2::TunnelStream>(ends.client), kUrl);
    CO_REQUIRE(!client && client.error().rejected);
    EXPECT_EQ(client.error().rejected->status, 403);
    co_await server.join();
    ends.client->close();
  });
}

TEST(Http2Session, WhatBefallsOneTunnelLeavesTheOthers) {
  run([]() -> asio::awaitable<void> {
    Ends ends = co_await sessions();
    Sockets a = co_await tunnel(ends), b = co_await tunnel(ends);
    a.client->stream().reset();
    const auto seen = co_await a.server->read();
    CO_REQUIRE(seen);
    const Ended& ended = std::get<Ended>(*seen);
    EXPECT_EQ(ended.code, close_code::kAbnormal);
    EXPECT_EQ(ended.error.message(), "RST_STREAM with CANCEL");  // RFC 8441 5
    EXPECT_FALSE(co_await b.client->write_text("still here"));
    EXPECT_EQ(text_of(co_await b.server->read()), "still here");
    ends.client->close();
    EXPECT_EQ(text_of(co_await b.server->read()), "ended 1006 ");
  });
}

TEST(Http2Session, EndStreamWithoutACloseIsAnEndOfTcp) {
  run([]() -> asio::awaitable<void> {
    Ends ends = co_await sessions();
    Sockets s = co_await tunnel(ends);
    EXPECT_FALSE(co_await s.client->write_text("last words"));
    EXPECT_FALSE(co_await s.client->stream().shutdown_send());
    EXPECT_EQ(text_of(co_await s.server->read()), "last words");
    const auto seen = co_await s.server->read();
    CO_REQUIRE(seen);
    EXPECT_EQ(std::get<Ended>(*seen).code, close_code::kAbnormal);
    EXPECT_FALSE(std::get<Ended>(*seen).error);
    ends.client->close();
  });
}

// RFC 8441 5, RFC 6455 7.1.1: the end of TCP is END_STREAM, also where the connection is left directly after it.
TEST(Http2Session, AClientEndsItsStreamBeforeItLeavesTheConnection) {
  run([]() -> asio::awaitable<void> {
    Bytes came;
    http2::SessionOptions serving;
    serving.received = [&](ByteView octets) {
      append(came, octets);
      return to_bytes(octets);
    };
    Ends ends = co_await sessions(false, serving);
    Sockets s = co_await tunnel(ends);
    EXPECT_FALSE(co_await s.server->stream().shutdown_send());
    EXPECT_EQ(text_of(co_await s.client->read()), "ended 1006 ");
    s.client->stream().close();
    ends.client->close();
    EXPECT_TRUE(co_await s.server->read());
    const Bytes end_stream{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1},
                           std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    const Bytes goaway{std::byte{0}, std::byte{0}, std::byte{8}, std::byte{7}, std::byte{0}};
    while (std::ranges::search(came, goaway).empty() && !ends.server->is_over())
      co_await asio::post(asio::use_awaitable);
    const auto ended = std::ranges::search(came, end_stream), left = std::ranges::search(came, goaway);
    EXPECT_FALSE(ended.empty());
    EXPECT_LT(ended.begin(), left.begin());
  });
}

// RFC 8441 5, RFC 9113 5.2: the window of one stream closes, and no other stream waits for it.
TEST(Http2Session, FlowControlIsBackPressureOfOneStream) {
  run([]() -> asio::awaitable<void> {
    http2::SessionOptions serving;
    serving.initial_window = 64 * 1024;
    Ends ends = co_await sessions(false, serving);
    ConnectOptions plain;
    plain.connection.deflate_offer.reset();
    Sockets slow = co_await tunnel(ends, plain), quick = co_await tunnel(ends, plain);
    const std::size_t size = 2'000'000;
    bool written = false;
    Task writer(ends.client->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_FALSE(co_await slow.client->write_binary(Bytes(size)));
      written = true;
    });
    for (int i = 0; i < 50; ++i) {
      EXPECT_FALSE(co_await quick.client->write_text("ping"));
      EXPECT_EQ(text_of(co_await quick.server->read()), "ping");
    }
    EXPECT_FALSE(written);
    EXPECT_EQ(text_of(co_await slow.server->read()).size(), 8 + size);
    co_await writer.join();
    ends.client->close();
  });
}

TEST(Http2Session, AServerThatDoesNotOfferItIsNotAsked) {
  run([]() -> asio::awaitable<void> {
    http2::SessionOptions serving;
    serving.connect_protocol = false;
    Ends ends = co_await sessions(false, serving);
    EXPECT_FALSE(ends.client->peer_allows_connect());
    ends.client->close();
  });
}

TEST(Http2Session, HeldWindowsOpenOnceOneIsUsedUp) {
  run([]() -> asio::awaitable<void> {
    int stalls = 0;
    http2::SessionOptions serving;
    serving.initial_window = 1000;
    serving.stalled = [&stalls] { ++stalls; };
    Ends ends = co_await sessions(false, serving);
    Sockets s = co_await tunnel(ends);
    Bytes noise(5000);  // does not compress
    std::uint32_t state = 1;
    for (std::byte& octet : noise) octet = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
    Task writer(ends.client->executor(),
                [&]() -> asio::awaitable<void> { EXPECT_FALSE(co_await s.client->write_binary(noise)); });
    EXPECT_EQ(text_of(co_await s.server->read()).size(), 8u + 5000);
    co_await writer.join();
    EXPECT_EQ(stalls, 1);
    ends.client->close();
  });
}

TEST(Http2Session, PaddingAndSmallFramesCarryTheSame) {
  run([]() -> asio::awaitable<void> {
    http2::SessionOptions serving;
    serving.data_size = 7;
    serving.padding = 255;
    Ends ends = co_await sessions(false, serving);
    Sockets s = co_await tunnel(ends);
    constexpr std::size_t kMoreThanTheWindow = 3000;  // with its padding
    EXPECT_FALSE(co_await s.client->write_text("hello"));
    EXPECT_EQ(text_of(co_await s.server->read()), "hello");
    Task writer(ends.server->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_FALSE(co_await s.server->write_binary(Bytes(kMoreThanTheWindow, std::byte{'x'})));
    });
    EXPECT_EQ(text_of(co_await s.client->read()).size(), 8u + kMoreThanTheWindow);
    co_await writer.join();
    ends.client->close();
  });
}

TEST(Http2Service, ServesBothVersionsOnOnePort) {
  for (const bool secure : {false, true}) {
    run([&]() -> asio::awaitable<void> {
      EchoOptions options;
      options.http = Http::either;
      std::string trusted;
      if (secure) {
        const Identity identity = self_signed("localhost");
        trusted = identity.certificate_pem;
        options.listen.tls.emplace();
        options.listen.tls->certificate_pem = identity.certificate_pem;
        options.listen.tls->private_key_pem = identity.private_key_pem;
      }
      auto service = start_echo(co_await asio::this_coro::executor, options);
      CO_REQUIRE(service);
      for (const Http http : {Http::one, Http::two, Http::either}) {
        ConnectOptions connecting;
        connecting.http = http;
        connecting.tls.ca_pem = trusted;
        auto socket = co_await connect(Url(secure, "127.0.0.1", (*service)->port()), connecting);
        CO_REQUIRE(socket);
        const bool two = http == Http::two || (secure && http == Http::either);
        EXPECT_EQ(socket->stream().protocol() == "h2", two);
        EXPECT_FALSE(co_await socket->write_text("hello"));
        EXPECT_EQ(text_of(co_await socket->read()), "hello");
        const auto ended = co_await socket->close();
        EXPECT_TRUE(ended && ended->clean);
      }
      const Stopped stopped = co_await (*service)->stop();
      EXPECT_EQ(stopped.dropped, 0u);
    });
  }
}

TEST(Http2Dial, SaysWhyAServerHasNoHttp2) {
  run([]() -> asio::awaitable<void> {
    auto service = start_echo(co_await asio::this_coro::executor, EchoOptions());  // HTTP/1.1 alone
    CO_REQUIRE(service);
    ConnectOptions connecting;
    connecting.http = Http::two;
    const auto socket = co_await connect(Url("127.0.0.1", (*service)->port()), connecting);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().stage, DialStage::http2);
    EXPECT_THAT(socket.error().text, testing::HasSubstr("the peer speaks HTTP/1.1, and no HTTP/2 here"));
    (void)co_await (*service)->stop();
  });
}

}  // namespace
}  // namespace ws::io
