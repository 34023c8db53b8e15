// Clients that end TCP in a case, over loopback.
#include "runner/engine/talk/test_taken_client.h"

#include <gtest/gtest.h>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace touchstone {
namespace {

using asio::ip::tcp;

constexpr std::string_view kRequestOfOne =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// Reads the first octet after the answer, and resets TCP: what close(2) does where something is left to be read.
asio::awaitable<void> resets_at_once(std::uint16_t port) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(kRequestOfOne), asio::use_awaitable);
  std::string in;
  const auto n = co_await asio::async_read_until(socket, asio::dynamic_buffer(in), "\r\n\r\n", asio::use_awaitable);
  if (in.size() == n) {
    std::array<char, 1> first;
    (void)co_await socket.async_read_some(asio::buffer(first), asio::use_awaitable);
  }
  socket.set_option(asio::socket_base::linger(true, 0));
  socket.close();
}

step::Frame frame_of(ws::Opcode opcode, std::string_view payload) {
  step::Frame frame;
  frame.opcode = opcode;
  frame.payload = {recipe::Literal{ws::to_bytes(payload)}};
  return frame;
}

// RFC 6455 7.1.7: the end of TCP is a way to fail the connection. The tester, a server, ends TCP as soon as nothing is
// left to be said, here since its writes fail, and that is no proof of patience.
TEST(ClientThatResets, FailedTheConnectionItselfWhereTheResetBrokeAWriteOfOurs) {
  Case c;
  c.id = "fault-and-more";
  c.sides = {Side::client};
  c.requirements = {"rfc6455-5.2-8"};
  c.wire.cut = Wire::Cut::frame;
  c.steps.push_back({frame_of(static_cast<ws::Opcode>(3), "a fault")});
  for (int i = 0; i < 4; ++i) c.steps.push_back({frame_of(ws::Opcode::ping, "p")});
  c.steps.push_back({step::Close{1000, {}}});
  for (int i = 0; i < 10; ++i) {
    const Verdict verdict = TakenClient::verdict_on(c, resets_at_once);
    EXPECT_NE(verdict.behavior, Behavior::failed) << verdict.summary;
  }
}

}  // namespace
}  // namespace touchstone
