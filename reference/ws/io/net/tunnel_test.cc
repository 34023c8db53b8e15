// What goes over the wire between a client and its proxy, against the examples and formats of the RFCs.
#include <ws/core/connection/test_support.h>
#include <ws/io/net/tunnel.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;
using ws::test::hex;

using Tunnel = asio::awaitable<std::expected<void, std::string>> (*)(Stream&, Proxy, std::string, std::uint16_t);

// A proxy that waits for each request in turn, octet by octet the expected one, and gives its answer in single octets.
struct Step {
  Bytes request, answer;
};
struct Dialogue {
  std::string error;  // of the tunnel; empty: open
  std::string asked;  // what came, in hexadecimal digits
};
asio::awaitable<Dialogue> dialogue(Tunnel tunnel, Proxy proxy, std::string host, std::uint16_t port,
                                   std::vector<Step> steps, std::string behind = "") {
  Pair pair = co_await connected(false);
  Dialogue seen;
  Task proxying(pair.client->executor(), [&]() -> asio::awaitable<void> {
    for (const Step& step : steps) {
      Bytes got(step.request.size());
      std::size_t have = 0;
      while (have < got.size()) {
        const auto count = co_await pair.server->read_some(std::span(got).subspan(have));
        if (!count) break;
        have += *count;
      }
      EXPECT_EQ(ws::test::to_hex(got), ws::test::to_hex(step.request));
      for (const std::byte octet : step.answer) {
        const Bytes one(1, octet);
        (void)co_await pair.server->write(one);
        co_await yield_often(1);
      }
    }
    (void)co_await pair.server->write(as_octets(behind));
    (void)co_await pair.server->shutdown_send();
  });
  const auto open = co_await tunnel(*pair.client, proxy, host, port);
  if (!open) seen.error = open.error();
  if (open) {
    EXPECT_EQ((co_await read_all(*pair.client)).text, behind) << "what is behind the answer is the server's";
  }
  pair.client->close();
  co_await proxying.join();
  co_return std::move(seen);
}

std::vector<Step> one_step(Bytes request, Bytes answer) {
  std::vector<Step> steps(1);
  steps[0] = {std::move(request), std::move(answer)};
  return steps;
}

std::vector<Step> and_then(std::vector<Step> steps, Bytes request, Bytes answer) {
  steps.push_back({std::move(request), std::move(answer)});
  return steps;
}

const std::vector<Step> kNoSteps;
const Proxy kNobody{.host = "p", .port = 1},
    kAladdin{.host = "p", .port = 1, .user = "Aladdin", .password = "open sesame"};

Bytes connect_head(const std::string& authority, const std::string& more = "") {
  return to_bytes("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" + more + "\r\n");
}

TEST(TunnelHttp, AsksAndTakesAny2xx) {  // RFC 9110 9.3.6
  run([]() -> asio::awaitable<void> {
    for (const char* answer : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 299 \r\nVia: x\r\n\r\n"}) {
      const auto plain = one_step(connect_head("example.com:443"), to_bytes(answer));
      EXPECT_EQ((co_await dialogue(tunnel_http, kNobody, "example.com", 443, plain)).error, "");
    }
    const auto six = one_step(connect_head("[::1]:80"), to_bytes("HTTP/1.1 200 OK\r\n\r\n"));
    EXPECT_EQ((co_await dialogue(tunnel_http, kNobody, "::1", 80, six)).error, "");
    // The example of RFC 7617 2.
    const auto basic =
        one_step(connect_head("example.com:443", "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
                 to_bytes("HTTP/1.1 200 OK\r\n\r\n"));
    EXPECT_EQ((co_await dialogue(tunnel_http, kAladdin, "example.com", 443, basic)).error, "");
  });
}

TEST(TunnelHttp, TellsWhatTheProxySaid) {
  run([]() -> asio::awaitable<void> {
    const std::string refused = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n";
    auto steps = one_step(connect_head("h:1"), to_bytes(refused));
    EXPECT_EQ((co_await dialogue(tunnel_http, kNobody, "h", 1, steps)).error,
              "it refused with status 407 Proxy Authentication Required (it wants user and password)");
    steps = one_step(connect_head("h:1"), to_bytes("SSH-2.0-x\r\n\r\n"));
    EXPECT_THAT((co_await dialogue(tunnel_http, kNobody, "h", 1, steps)).error, HasSubstr("its answer is not HTTP"));
    steps = one_step(connect_head("h:1"), to_bytes("HTTP/1.1 200"));
    EXPECT_THAT((co_await dialogue(tunnel_http, kNobody, "h", 1, steps)).error, HasSubstr("without an answer"));
    const Proxy colon{.host = "p", .user = "a:b"};
    EXPECT_EQ((co_await dialogue(tunnel_http, colon, "h", 1, kNoSteps)).error, "the user's name has a colon");
  });
}

TEST(TunnelSocks5, AsksWithNamesAndAddresses) {  // RFC 1928 3-6
  run([]() -> asio::awaitable<void> {
    const auto greeted = one_step(hex("05 01 00"), hex("05 00"));
    const auto name = and_then(greeted, hex("05 01 00 03 04 68 6f 73 74 1f 90"), hex("05 00 00 01 00 00 00 00 00 00"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "host", 8080, name, "hello")).error, "");
    const auto four = and_then(greeted, hex("05 01 00 01 7f 00 00 01 00 50"), hex("05 00 00 03 02 61 62 00 00"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "127.0.0.1", 80, four, "hello")).error, "");
    const auto six = and_then(greeted, hex("05 01 00 04 00000000000000000000000000000001 01 bb"),
                              hex("05 00 00 04 00000000000000000000000000000001 00 00"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "::1", 443, six, "hello")).error, "");
  });
}

TEST(TunnelSocks5, ShowsUserAndPassword) {  // RFC 1929 2
  run([]() -> asio::awaitable<void> {
    const Proxy me{.host = "p", .user = "me", .password = "pw"};
    const auto greeted = one_step(hex("05 02 00 02"), hex("05 02"));
    const auto known = and_then(greeted, hex("01 02 6d 65 02 70 77"), hex("01 00"));
    const auto open = and_then(known, hex("05 01 00 03 01 68 00 01"), hex("05 00 00 01 00 00 00 00 00 00"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, me, "h", 1, open)).error, "");
    const auto unknown = and_then(greeted, hex("01 02 6d 65 02 70 77"), hex("01 01"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, me, "h", 1, unknown)).error, "it does not know this user and password");
    // A proxy that wants none is content.
    const auto free = and_then(one_step(hex("05 02 00 02"), hex("05 00")), hex("05 01 00 03 01 68 00 01"),
                               hex("05 00 00 01 00 00 00 00 00 00"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, me, "h", 1, free)).error, "");
  });
}

TEST(TunnelSocks5, TellsWhatTheProxySaid) {
  run([]() -> asio::awaitable<void> {
    const auto greeted = one_step(hex("05 01 00"), hex("05 00"));
    const Bytes asked = hex("05 01 00 03 01 68 00 01");
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "h", 1, and_then(greeted, asked, hex("05 05 00 01")))).error,
              "it answered: connection refused");
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "h", 1, and_then(greeted, asked, hex("05 63 00 01")))).error,
              "it answered with the unassigned reply 99");
    EXPECT_THAT((co_await dialogue(tunnel_socks5, kNobody, "h", 1, and_then(greeted, asked, hex("05 00 00")))).error,
                HasSubstr("in the middle"));
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "h", 1, one_step(hex("05 01 00"), hex("05 ff")))).error,
              "it wants user and password");
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "h", 1, one_step(hex("05 01 00"), hex("05 02")))).error,
              "it chose a method that was not offered");
    EXPECT_EQ((co_await dialogue(tunnel_socks5, kNobody, "h", 1, one_step(hex("05 01 00"), hex("48 54")))).error,
              "its answer is not SOCKS 5");
    EXPECT_THAT((co_await dialogue(tunnel_socks5, kNobody, std::string(256, 'h'), 1, kNoSteps)).error,
                HasSubstr("255"));
  });
}

TEST(Tunnel, ASilentProxyHasLimitedTime) {
  run([]() -> asio::awaitable<void> {
    auto silent = Listener::open(co_await asio::this_coro::executor, ListenOptions());
    CO_REQUIRE(silent);
    for (const auto kind : {Proxy::Kind::http, Proxy::Kind::socks5}) {
      DialOptions options;
      options.host = "example.com";
      options.proxy = Proxy{.kind = kind, .host = "127.0.0.1", .port = (*silent)->port()};
      options.deadline = milliseconds(20);
      const auto stream = co_await dial(options);
      CO_REQUIRE(!stream);
      EXPECT_EQ(stream.error().stage, DialStage::proxy);
      EXPECT_EQ(stream.error().code, asio::error::timed_out);
    }
  });
}

TEST(Tunnel, AProxyThatIsNotThereIsNamed) {
  run([]() -> asio::awaitable<void> {
    DialOptions options;
    options.host = "example.com";
    options.proxy = Proxy{.host = "no..such..name", .port = 1};
    const auto stream = co_await dial(options);
    CO_REQUIRE(!stream);
    EXPECT_EQ(stream.error().stage, DialStage::resolve);
    EXPECT_THAT(stream.error().text, testing::StartsWith("the proxy: resolve no..such..name"));
  });
}

}  // namespace
}  // namespace ws::io
