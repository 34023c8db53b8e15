// test_sockets.h - for the tests of this folder: two ends of an open connection, or one and a plain stream.
#pragma once
#include <ws/io/net/test_support.h>
#include <ws/io/websocket.h>

namespace ws::io::test {

inline const Url kUrl("localhost", 80, "/chat");

struct Sockets {
  std::optional<WebSocket> client, server;
};

// Two ends of an open connection.
inline asio::awaitable<Sockets> opened(bool secure, ConnectOptions connecting = ConnectOptions(),
                                       AcceptOptions accepting = AcceptOptions()) {
  Pair pair = co_await connected(secure);
  Sockets sockets;
  Task server(pair.client->executor(), [&]() -> asio::awaitable<void> {
    auto result = co_await accept(std::move(pair.server), accepting);
    if (!result) throw std::runtime_error(result.error().text);
    sockets.server.emplace(std::move(*result));
  });
  auto client = co_await connect(std::move(pair.client), kUrl, connecting);
  if (!client) throw std::runtime_error(client.error().text);
  sockets.client.emplace(std::move(*client));
  co_await server.join();
  co_return std::move(sockets);
}

inline std::string text_of(const std::expected<Received, std::error_code>& received) {
  if (!received) return "error: " + received.error().message();
  if (const auto* text = std::get_if<event::Text>(&*received)) return text->data;
  if (const auto* binary = std::get_if<event::Binary>(&*received)) return "binary: " + to_string(binary->data);
  const Ended& ended = std::get<Ended>(*received);
  return "ended " + std::to_string(ended.code) + " " + ended.reason + (ended.clean ? " clean" : "");
}

// A peer that says what it is told to.
inline asio::awaitable<std::string> read_head(Stream& stream) {
  std::string head;
  std::byte octet{};
  while (!head.ends_with("\r\n\r\n")) {
    const auto count = co_await stream.read_some(std::span(&octet, 1));
    if (!count) break;
    head += static_cast<char>(octet);
  }
  co_return head;
}

// The client end as a plain stream after the opening handshake, which offers no extension.
struct Half {
  std::unique_ptr<Stream> raw;
  std::optional<WebSocket> server;
};
inline asio::awaitable<Half> half_opened(AcceptOptions options = AcceptOptions()) {
  Pair pair = co_await connected(false);
  Half half;
  Task accepting(pair.client->executor(), [&]() -> asio::awaitable<void> {
    auto result = co_await accept(std::move(pair.server), options);
    if (!result) throw std::runtime_error(result.error().text);
    half.server.emplace(std::move(*result));
  });
  (void)co_await pair.client->write(
      as_octets("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"));
  (void)co_await read_head(*pair.client);
  co_await accepting.join();
  half.raw = std::move(pair.client);
  co_return std::move(half);
}

}  // namespace ws::io::test
