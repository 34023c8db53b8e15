// The reference client against every case about an answer to its opening handshake, over loopback; and clients with
// one planted fault each.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/test_taken_client.h"

#include <ws/io/serve/echo_client.h>

#include <gtest/gtest.h>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>

namespace touchstone {
namespace {

using asio::ip::tcp;
// Long enough for loopback, and short for what has no answer.
Verdict verdict_on(const Case& bare, const TakenClient::Client& client) {
  SessionOptions options;
  options.timeout = std::chrono::milliseconds(1000);
  return TakenClient::verdict_on(bare, client, options);
}

std::vector<const Case*> cases_about_answers() {
  std::vector<const Case*> chosen;
  for (const Case& c : Catalogue::built_in().cases()) {
    if (c.id.starts_with("opening-answer/") || c.id.starts_with("opening-accept/")) chosen.push_back(&c);
  }
  return chosen;
}

TakenClient::Client reference(const ws::io::ConnectOptions& options) {
  return [options](std::uint16_t port) -> asio::awaitable<void> {
    ws::Url url("127.0.0.1", port);
    (void)co_await ws::io::run_echo_client(url, options);
  };
}

void expect_faultless(const ws::io::ConnectOptions& options) {
  for (const Case* c : cases_about_answers()) {
    const Verdict verdict = verdict_on(*c, reference(options));
    const bool fine = verdict.behavior == Behavior::ok || verdict.behavior == Behavior::unimplemented;
    EXPECT_TRUE(fine) << c->id << ": " << verdict.summary;
  }
}

TEST(ReferenceClient, PassesEveryCaseAboutAnAnswer) {
  ASSERT_GT(cases_about_answers().size(), 100u);
  expect_faultless({});
}

TEST(ReferenceClient, PassesThemWithoutAnOfferAndWithASubprotocol) {
  ws::io::ConnectOptions options;
  options.connection.deflate_offer = std::nullopt;
  options.subprotocols = {"chat.v1", "chat.v2"};
  expect_faultless(options);
}

// A client that takes whatever comes up to an empty line for a 101 and answers one Ping.
asio::awaitable<void> credulous(std::uint16_t port, std::string request) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
  std::string in;
  const auto n = co_await asio::async_read_until(socket, asio::dynamic_buffer(in), "\r\n\r\n", asio::use_awaitable);
  in.erase(0, n);
  while (in.size() < 2 || in.size() < 2u + static_cast<unsigned char>(in[1])) {
    std::array<char, 256> more;
    const auto got = co_await socket.async_read_some(asio::buffer(more), asio::use_awaitable);
    in.append(more.data(), got);
  }
  const std::size_t length = static_cast<unsigned char>(in[1]);
  std::string pong{'\x8a', static_cast<char>(0x80 | length), 0, 0, 0, 0};
  pong += in.substr(2, length);
  co_await asio::async_write(socket, asio::buffer(pong), asio::use_awaitable);
}

constexpr const char* kRequest =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

Verdict on_credulous(std::string_view id, const std::string& more_fields = {}) {
  return verdict_on(*Catalogue::built_in().find(id),
                    [&](std::uint16_t port) { return credulous(port, kRequest + more_fields + "\r\n"); });
}

TEST(ClientWithAFault, IsCaughtWhenItLooksAtNothing) {
  for (const char* id : {"opening-answer/status/404", "opening-answer/accept-missing", "opening-answer/upgrade-missing",
                         "opening-answer/accept-wrong/of-another-key", "opening-answer/connection-missing",
                         "opening-accept/unknown-extension/one", "opening-accept/by-offer/bare",
                         "opening-accept/subprotocol-not-offered/unknown", "opening-answer/redirect/302"}) {
    EXPECT_EQ(on_credulous(id).behavior, Behavior::failed) << id;
  }
  EXPECT_EQ(on_credulous("opening-answer/accept-twice/right-first").behavior, Behavior::non_strict);
}

TEST(ClientWithAFault, IsCaughtByItsRequestAlone) {
  const auto requirement = [](const std::string& more_fields) {
    const Verdict verdict = on_credulous("opening-answer/request", more_fields);
    EXPECT_EQ(verdict.behavior, Behavior::failed);
    return verdict.findings.empty() ? std::string() : verdict.findings.front().requirement;
  };
  EXPECT_EQ(requirement("Sec-WebSocket-Protocol: a,,b\r\n"), "rfc9110-5.6.1.1-1");
  EXPECT_EQ(requirement("Origin: http://a.test\r\nOrigin: http://b.test\r\n"), "rfc9110-5.3-1");
  EXPECT_EQ(requirement("Sec-WebSocket-Extensions: permessage-deflate; x\r\n"), "rfc6455-9.1-4");
}

}  // namespace
}  // namespace touchstone
