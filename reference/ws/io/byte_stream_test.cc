// A byte stream over a connection does what any Stream does, TLS included.
#include <ws/io/byte_stream.h>
#include <ws/io/net/stream_tls.h>
#include <ws/io/test_sockets.h>

#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

struct Streams {
  std::unique_ptr<ByteStream> client, server;
};

asio::awaitable<Streams> byte_streams(ByteStream::Kind kind = ByteStream::Kind::binary) {
  Sockets s = co_await opened(false);
  Streams streams;
  streams.client = std::make_unique<ByteStream>(std::move(*s.client), kind);
  streams.server = std::make_unique<ByteStream>(std::move(*s.server), kind);
  co_return std::move(streams);
}

TEST(ByteStream, MessagesHaveNoBorders) {
  run([]() -> asio::awaitable<void> {
    for (const auto kind : {ByteStream::Kind::binary, ByteStream::Kind::text}) {
      Streams s = co_await byte_streams(kind);
      for (const char* part : {"one ", "", "two ", "three"}) EXPECT_FALSE(co_await s.client->write(as_octets(part)));
      Task closing(s.client->executor(), [&]() -> asio::awaitable<void> {
        EXPECT_FALSE(co_await s.client->shutdown_send());
        EXPECT_EQ((co_await read_all(*s.client)).error, asio::error::eof);
      });
      std::string seen;
      std::array<std::byte, 5> five;
      while (true) {
        const auto count = co_await s.server->read_some(five);
        if (!count) {
          EXPECT_EQ(count.error(), asio::error::eof);
          break;
        }
        seen += as_text(ByteView(five).first(*count));
      }
      EXPECT_EQ(seen, "one two three");
      co_await closing.join();
    }
  });
}

TEST(ByteStream, TheOtherKindOfMessageIsRefused) {
  run([]() -> asio::awaitable<void> {
    Streams s = co_await byte_streams();
    EXPECT_FALSE(co_await s.client->socket().write_text("text"));
    EXPECT_EQ((co_await read_all(*s.server)).error, make_error_code(UseError::wrong_kind));
    Task reading(s.server->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_EQ((co_await read_all(*s.server)).error, asio::error::connection_aborted);
    });
    EXPECT_EQ((co_await read_all(*s.client)).error, asio::error::connection_aborted);  // 1003
    co_await reading.join();
  });
}

TEST(ByteStream, AnEndWithoutACloseIsNoEndOfFile) {
  run([]() -> asio::awaitable<void> {
    Streams s = co_await byte_streams();
    s.client->close();
    EXPECT_EQ((co_await read_all(*s.server)).error, asio::error::connection_reset);
    EXPECT_EQ((co_await read_all(*s.client)).error, asio::error::operation_aborted);
    EXPECT_TRUE(co_await s.client->write(as_octets("x")));
  });
}

TEST(ByteStream, AsiosOwnAlgorithmsRunOverIt) {
  run([]() -> asio::awaitable<void> {
    Streams s = co_await byte_streams();
    const std::string much(300'000, 'x');
    Task writing(s.client->executor(), [&]() -> asio::awaitable<void> {
      for (const std::string& part : {std::string("first"), std::string(" line\nsecond\n"), much, std::string("\n")})
        EXPECT_EQ(co_await asio::async_write(*s.client, asio::buffer(part), asio::use_awaitable), part.size());
      (void)co_await s.client->shutdown_send();
      EXPECT_EQ((co_await read_all(*s.client)).error, asio::error::eof);
    });
    std::string buffer;
    const auto next_line = [&]() -> asio::awaitable<std::string> {
      const std::size_t size =
          co_await asio::async_read_until(*s.server, asio::dynamic_buffer(buffer), '\n', asio::use_awaitable);
      std::string line = buffer.substr(0, size - 1);
      buffer.erase(0, size);
      co_return std::move(line);
    };
    EXPECT_EQ(co_await next_line(), "first line");
    EXPECT_EQ(co_await next_line(), "second");
    EXPECT_TRUE(co_await next_line() == much);
    std::error_code error;
    co_await asio::async_read_until(*s.server, asio::dynamic_buffer(buffer), '\n',
                                    asio::redirect_error(asio::use_awaitable, error));
    EXPECT_EQ(error, asio::error::eof);
    co_await writing.join();
  });
}

TEST(ByteStream, AnAsioOperationIsCancelled) {
  run([]() -> asio::awaitable<void> {
    Streams s = co_await byte_streams();
    std::error_code error;
    Task reading(s.client->executor(), [&]() -> asio::awaitable<void> {
      std::array<char, 8> into{};
      co_await s.client->async_read_some(asio::buffer(into), asio::redirect_error(asio::use_awaitable, error));
    });
    co_await yield_often();
    EXPECT_FALSE(reading.ended());
    reading.cancel();
    co_await reading.join();
    EXPECT_EQ(error, asio::error::operation_aborted);
    EXPECT_FALSE(co_await s.server->write(as_octets("later")));
    std::array<std::byte, 8> into;
    EXPECT_EQ(co_await s.client->read_some(into), 5u);
  });
}

TEST(ByteStream, TlsAndAnotherWebSocketRunThroughIt) {
  run([]() -> asio::awaitable<void> {
    Streams s = co_await byte_streams();
    const auto client_tls = client_context(trusting());
    const auto server_side = server_context(server_tls());
    CO_REQUIRE(client_tls && server_side);
    auto inner_client =
        std::make_unique<TlsStream>(std::move(s.client), client_session(*client_tls, "localhost", false));
    auto inner_server = std::make_unique<TlsStream>(std::move(s.server), server_session(*server_side));
    std::optional<WebSocket> server;
    Task accepting(inner_client->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_FALSE(co_await inner_server->handshake());
      auto accepted = co_await accept(std::move(inner_server), AcceptOptions());
      if (accepted) server.emplace(std::move(*accepted));
    });
    EXPECT_FALSE(co_await inner_client->handshake());
    auto client = co_await connect(std::move(inner_client), kUrl, ConnectOptions());
    co_await accepting.join();
    CO_REQUIRE(client && server);
    EXPECT_FALSE(co_await client->write_text("from the inside"));
    EXPECT_EQ(text_of(co_await server->read()), "from the inside");
    Task closing(client->stream().executor(),
                 [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await client->close()); });
    EXPECT_EQ(text_of(co_await server->read()), "ended 1000  clean");
    co_await closing.join();
  });
}

}  // namespace
}  // namespace ws::io
