// Whatever a client sends, the direct way answers with the same octets as its plain twin.
#include <sys/socket.h>
#include <ws/io/net/test_support.h>
#include <ws/io/serve/echo_server.h>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <random>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using asio::ip::tcp;
using std::chrono::milliseconds;

std::unique_ptr<EchoServer> twin(bool direct, EchoOptions options = {}) {
  options.listen.host = "127.0.0.1";
  options.direct = direct;
  auto server = EchoServer::start(std::move(options));
  if (!server) throw std::runtime_error(server.error());
  return std::move(*server);
}

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

// Frames as clients send them, right for the most part; the last one is a Close, or breaks a rule, or nothing.
Bytes some_frames(std::mt19937& random) {
  Bytes out;
  const auto frame = [&](Opcode opcode, bool fin, std::size_t size, bool rsv = false) {
    Bytes payload(size);
    for (auto& octet : payload) octet = static_cast<std::byte>('a' + random() % 26);
    const MaskKey key = {std::byte(random() & 0xFF), std::byte{1}, std::byte{2}, std::byte{3}};
    encode_frame({.fin = fin, .rsv2 = rsv, .opcode = opcode, .mask = key}, payload, out);
  };
  const auto size = [&] { return random() % 8 == 0 ? random() % 100'000 : random() % 300; };
  for (std::size_t i = 0, count = random() % 20; i < count; ++i) {
    const Opcode kind = random() % 2 == 0 ? Opcode::text : Opcode::binary;
    const bool whole = random() % 3 != 0;
    frame(kind, whole, size());
    if (random() % 4 == 0) frame(random() % 2 == 0 ? Opcode::ping : Opcode::pong, true, random() % 126);
    if (!whole) frame(Opcode::cont, true, size());
  }
  switch (random() % 6) {
    case 0:
      frame(Opcode::close, true, 0);
      break;
    case 1:
      frame(Opcode::text, true, size(), true);  // RSV2
      break;
    case 2:
      frame(Opcode::cont, true, 3);
      break;
    case 3:
      frame(Opcode::close, true, 0);
      frame(Opcode::text, true, 5);  // after the Close
      break;
    default:
      break;
  }
  return out;
}

Url direct_url(std::uint16_t port) { return {"127.0.0.1", port}; }

// What the server answers to these octets, sent in pieces, until it has ended; our end comes after them.
asio::awaitable<std::string> answer_of(std::uint16_t port, Bytes octets, std::size_t piece) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  std::string answer;
  Task reading(socket.get_executor(), [&]() -> asio::awaitable<void> {
    std::error_code ended;
    co_await asio::async_read(socket, asio::dynamic_buffer(answer), asio::redirect_error(asio::use_awaitable, ended));
  });
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    const auto some = ByteView(octets).subspan(at, std::min(piece, octets.size() - at));
    std::error_code gone;
    co_await asio::async_write(socket, asio::buffer(some.data(), some.size()),
                               asio::redirect_error(asio::use_awaitable, gone));
    if (gone) break;
  }
  co_await reading.join();
  co_return answer;
}

TEST(DirectSockets, AnswersAsItsPlainTwinHoweverTheInputIsCut) {
  const auto direct = twin(true), plain = twin(false);
  run([&]() -> asio::awaitable<void> {
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
      Bytes octets = to_bytes(std::string(kRequest) + "\r\n");
      append(octets, some_frames(random));
      // All ends with a Close, so that both servers come to an end by themselves; after another one it is dropped.
      encode_frame({.opcode = Opcode::close, .mask = MaskKey{}}, {}, octets);
      const std::size_t piece = round % 3 == 0 ? octets.size() : 1 + random() % 5000;
      const std::string one = co_await answer_of(direct->port(), octets, piece);
      const std::string other = co_await answer_of(plain->port(), octets, 1 + random() % 5000);
      EXPECT_GT(one.size(), 100u);
      EXPECT_TRUE(one == other) << "round " << round << ": " << one.size() << " octets, the twin " << other.size();
    }
  });
}

TEST(DirectSockets, AClientThatDoesNotReadIsNotReadFrom) {
  const auto server = twin(true);
  run([&]() -> asio::awaitable<void> {
    ConnectOptions options;
    options.connection.deflate_offer.reset();
    auto socket = co_await connect(direct_url(server->port()), options);
    CO_REQUIRE(socket);
    constexpr std::size_t kSize = 100'000, kCount = 400;  // 40 MB: no kernel keeps that for a socket
    std::size_t written = 0;
    Task writing(socket->stream().executor(), [&]() -> asio::awaitable<void> {
      for (std::size_t i = 0; i < kCount; ++i) {
        EXPECT_FALSE(co_await socket->write_binary(Bytes(kSize, static_cast<std::byte>(i))));
        ++written;
      }
    });
    for (std::size_t before = 1; before != written;) {  // until nothing moves any more
      before = written;
      Signal never(socket->stream().executor());
      (void)co_await never.wait(deadline_after(milliseconds(100)));
    }
    EXPECT_LT(written, kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto echo = co_await socket->read();
      CO_REQUIRE(echo && std::holds_alternative<event::Binary>(*echo));
      EXPECT_TRUE(std::get<event::Binary>(*echo).data == Bytes(kSize, static_cast<std::byte>(i))) << i;
    }
    co_await writing.join();
  });
}

TEST(DirectSockets, AnUnansweredCloseIsGivenUpInTime) {
  EchoOptions options;
  options.accept.connection.limits.close = milliseconds(50);
  options.drain = milliseconds(10'000);
  const auto server = twin(true, options);
  run([&]() -> asio::awaitable<void> {
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), server->port());
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    const std::string request = std::string(kRequest) + "\r\n";
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    std::string answer(1000, 0);
    (void)co_await socket.async_read_some(asio::buffer(answer), asio::use_awaitable);
    const auto begin = Clock::now();
    std::thread stopping([&] { server->stop(); });
    std::error_code ended;
    answer.clear();
    co_await asio::async_read(socket, asio::dynamic_buffer(answer), asio::redirect_error(asio::use_awaitable, ended));
    stopping.join();
    EXPECT_EQ(answer.substr(0, 4), std::string("\x88\x12\x03\xE9", 4));  // Close, 1001
    EXPECT_LT(Clock::now() - begin, milliseconds(5'000));
  });
}

TEST(DirectSockets, ManyComeAndGo) {
  const auto server = twin(true);
  run([&]() -> asio::awaitable<void> {
    std::vector<Task> clients;
    for (int i = 0; i < 100; ++i) {
      clients.emplace_back(co_await asio::this_coro::executor, [&server, i]() -> asio::awaitable<void> {
        for (int k = 0; k < 3; ++k) {
          auto socket = co_await connect(direct_url(server->port()), ConnectOptions());
          CO_REQUIRE(socket);
          EXPECT_FALSE(co_await socket->write_text(std::to_string(i)));
          const auto echo = co_await socket->read();
          CO_REQUIRE(echo && std::holds_alternative<event::Text>(*echo));
          EXPECT_EQ(std::get<event::Text>(*echo).data, std::to_string(i));
          if (i % 2 == 0) {
            const auto ended = co_await socket->close();
            CO_REQUIRE(ended);
            EXPECT_TRUE(ended->clean);
          }
        }
      });
    }
    for (auto& client : clients) co_await client.join();
  });
}

}  // namespace
}  // namespace ws::io
