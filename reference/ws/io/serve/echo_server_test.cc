// The echo server over TCP and TLS: messages, limits, hostile clients, its end.
#include <ws/io/net/test_support.h>
#include <ws/io/serve/echo_client.h>
#include <ws/io/serve/echo_server.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::StartsWith;

Url url_of(std::uint16_t port, bool secure) { return {secure, "localhost", port}; }

EchoOptions echo_options(bool secure) {
  EchoOptions options;
  options.listen.host = "127.0.0.1";
  if (secure) options.listen.tls = server_tls();
  return options;
}

ConnectOptions connect_options(bool deflate = true) {
  ConnectOptions options;
  options.tls = trusting();
  if (!deflate) options.connection.deflate_offer.reset();
  return options;
}

std::unique_ptr<EchoServer> started(bool secure, unsigned threads = 1) {
  auto server = EchoServer::start(echo_options(secure), threads);
  if (!server) throw std::runtime_error(server.error());
  return std::move(*server);
}

// Some that compresses and some that does not.
std::string sample(std::size_t size) {
  std::string text(size, 'a');
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size / 2; ++i) {
    state = state * 1664525 + 1013904223;
    text[i] = static_cast<char>('0' + (state >> 27));
  }
  return text;
}

struct Way {
  bool secure, deflate;
};
class Echo : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, Echo,
                         testing::Values(Way{false, false}, Way{false, true}, Way{true, false}, Way{true, true}),
                         [](const auto& way) {
                           return std::string(way.param.secure ? "Tls" : "Tcp") + (way.param.deflate ? "Deflate" : "");
                         });

TEST_P(Echo, ReturnsMessagesOfAllSizesInOrder) {
  const bool secure = GetParam().secure, deflate = GetParam().deflate;
  const auto server = started(secure);
  run([&]() -> asio::awaitable<void> {
    auto socket = co_await connect(url_of(server->port(), secure), connect_options(deflate));
    CO_REQUIRE(socket);
    EXPECT_EQ(socket->deflate().has_value(), deflate);
    const std::vector<std::size_t> sizes = {0, 1, 125, 126, 127, 65'535, 65'536, 1'000'000, 5'000'000, 3};
    Task writing(socket->stream().executor(), [&]() -> asio::awaitable<void> {
      for (const std::size_t size : sizes) {
        EXPECT_FALSE(co_await socket->write_text(sample(size)));
        EXPECT_FALSE(co_await socket->write_binary(to_bytes(sample(size))));
      }
    });
    for (const std::size_t size : sizes) {
      const auto text = co_await socket->read();
      CO_REQUIRE(text && std::holds_alternative<event::Text>(*text));
      EXPECT_TRUE(std::get<event::Text>(*text).data == sample(size)) << size;
      const auto binary = co_await socket->read();
      CO_REQUIRE(binary && std::holds_alternative<event::Binary>(*binary));
      EXPECT_TRUE(std::get<event::Binary>(*binary).data == to_bytes(sample(size))) << size;
    }
    co_await writing.join();
    const auto ended = co_await socket->close();
    CO_REQUIRE(ended);
    EXPECT_TRUE(ended->clean);
    EXPECT_EQ(ended->code, close_code::kNormal);
  });
}

TEST_P(Echo, ReturnsAFloodOfSmallMessagesBeforeTheClose) {
  const bool secure = GetParam().secure, deflate = GetParam().deflate;
  const auto server = started(secure);
  run([&]() -> asio::awaitable<void> {
    constexpr int kCount = 20'000;
    auto socket = co_await connect(url_of(server->port(), secure), connect_options(deflate));
    CO_REQUIRE(socket);
    int received = 0;
    Task reading(socket->stream().executor(), [&]() -> asio::awaitable<void> {
      while (received < kCount) {
        const auto message = co_await socket->read();
        CO_REQUIRE(message && std::holds_alternative<event::Text>(*message));
        EXPECT_EQ(std::get<event::Text>(*message).data, std::to_string(received++));
      }
    });
    for (int i = 0; i < kCount; ++i) {
      const std::string text = std::to_string(i);
      CO_REQUIRE(socket->queue(command::Text{text}));
      if (socket->queued() > kHighWater) CO_REQUIRE(!co_await socket->drain());
    }
    co_await reading.join();
    EXPECT_EQ(received, kCount);
  });
}

TEST(EchoServer, ServesManyClientsInSeveralThreads) {
  const auto server = started(false, 2);
  run([&]() -> asio::awaitable<void> {
    std::vector<Task> clients;
    for (int i = 0; i < 100; ++i) {
      clients.emplace_back(co_await asio::this_coro::executor, [&server, i]() -> asio::awaitable<void> {
        auto socket = co_await connect(url_of(server->port(), false), connect_options());
        CO_REQUIRE(socket);
        EXPECT_FALSE(co_await socket->write_text(std::to_string(i)));
        const auto message = co_await socket->read();
        CO_REQUIRE(message && std::holds_alternative<event::Text>(*message));
        EXPECT_EQ(std::get<event::Text>(*message).data, std::to_string(i));
        EXPECT_TRUE(co_await socket->close());
      });
    }
    for (Task& client : clients) co_await client.join();
  });
}

TEST(EchoServer, SaysWhyItCannotStart) {
  const auto first = started(false);
  EchoOptions options = echo_options(false);
  options.listen.port = first->port();
  const auto second = EchoServer::start(options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), testing::HasSubstr("Address already in use"));
}

TEST(EchoServer, OutlivesGarbageClients) {
  for (const bool secure : {false, true}) {
    const auto server = started(secure);
    run([&, secure]() -> asio::awaitable<void> {
      const std::vector<std::string> garbage = {"", std::string(1, '\0'), "GET / HTTP/1.1\r\n\r\n",
                                                std::string(20'000, 'x'), std::string("\x16\x03\x01\x02\x00\x01", 6)};
      for (const std::string& octets : garbage) {
        DialOptions options;
        options.host = "localhost";
        options.port = server->port();
        auto client = co_await dial(options);
        CO_REQUIRE(client);
        (void)co_await (*client)->write(as_octets(octets));
        if (octets.size() % 2 == 0) {
          (*client)->reset();
          continue;
        }
        (void)co_await (*client)->shutdown_send();
        EXPECT_TRUE((co_await read_all(**client)).error);
      }
      EXPECT_TRUE(co_await connect(url_of(server->port(), secure), connect_options()));
    });
  }
}

TEST(EchoServer, StopClosesWithGoingAwayAndFreesThePort) {
  for (const bool secure : {false, true}) {
    const auto server = started(secure);
    std::thread stopping;
    run([&, secure]() -> asio::awaitable<void> {
      auto socket = co_await connect(url_of(server->port(), secure), connect_options());
      CO_REQUIRE(socket);
      // Somebody who is not open yet does not hold the server up.
      DialOptions half;
      half.host = "localhost";
      half.port = server->port();
      const auto silent = co_await dial(half);
      CO_REQUIRE(silent);
      EXPECT_FALSE(co_await socket->write_text("before"));
      const auto echoed = co_await socket->read();
      CO_REQUIRE(echoed && std::holds_alternative<event::Text>(*echoed));
      stopping = std::thread([&] { server->stop(); });
      const auto received = co_await socket->read();
      CO_REQUIRE(received && std::holds_alternative<Ended>(*received));
      EXPECT_EQ(std::get<Ended>(*received).code, close_code::kGoingAway);
      EXPECT_TRUE(std::get<Ended>(*received).clean);
    });
    stopping.join();
    EchoOptions options = echo_options(secure);
    options.listen.port = server->port();
    EXPECT_TRUE(EchoServer::start(options));
  }
}

TEST(EchoServer, StopDoesNotWaitForeverForAClientThatDoesNotAnswer) {
  EchoOptions options = echo_options(false);
  options.drain = milliseconds(20);
  auto server = EchoServer::start(options);
  ASSERT_TRUE(server);
  run([&]() -> asio::awaitable<void> {
    auto socket = co_await connect(url_of((*server)->port(), false), connect_options());
    CO_REQUIRE(socket);
    (*server)->stop();  // while this thread, which has the client, does nothing else
  });
}

TEST(EchoServer, MoreClientsThanAllowedWaitForTheirTurn) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    EchoOptions options = echo_options(false);
    options.max_connections = 1;
    auto service = start_echo(executor, options);
    CO_REQUIRE(service);
    auto first = co_await connect(url_of((*service)->port(), false), connect_options());
    CO_REQUIRE(first);
    Task waiting(executor, [&]() -> asio::awaitable<void> {
      EXPECT_TRUE(co_await connect(url_of((*service)->port(), false), connect_options()));
    });
    EXPECT_TRUE(co_await first->ping());
    co_await yield_often();
    EXPECT_FALSE(waiting.ended());
    EXPECT_TRUE(co_await first->close());
    co_await waiting.join();
    co_await (*service)->stop();
    EXPECT_EQ((*service)->connections(), 0u);
  });
}

TEST(EchoServer, AClientThatDoesNotReadIsNotReadFrom) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    auto service = start_echo(executor, echo_options(false));
    CO_REQUIRE(service);
    auto socket = co_await connect(url_of((*service)->port(), false), connect_options(false));
    CO_REQUIRE(socket);
    // When all buffers of the kernel between both are full, our writes end, too.
    std::error_code error;
    int written = 0;
    while (!(error = co_await socket->write_binary(Bytes(100'000), milliseconds(200)))) ++written;
    EXPECT_EQ(error, asio::error::timed_out);
    for (int i = 0; i <= written; ++i) {
      const auto message = co_await socket->read();
      CO_REQUIRE(message && std::holds_alternative<event::Binary>(*message));
    }
  });
}

TEST(EchoClient, EchoesUntilTheServerCloses) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    auto listener = Listener::open(executor, {});
    CO_REQUIRE(listener);
    std::optional<std::expected<Ended, OpenError>> outcome;
    Task client(executor, [&]() -> asio::awaitable<void> {
      outcome = co_await run_echo_client(url_of((*listener)->port(), false), connect_options());
    });
    auto stream = co_await (*listener)->accept();
    CO_REQUIRE(stream);
    auto socket = co_await accept(std::move(*stream), AcceptOptions());
    CO_REQUIRE(socket);
    // Right after each other, so that the Close comes with the messages.
    EXPECT_TRUE(socket->queue(command::Text{"one"}));
    EXPECT_TRUE(socket->queue(command::Text{"two"}));
    for (const char* expected : {"one", "two"}) {
      const auto message = co_await socket->read();
      CO_REQUIRE(message && std::holds_alternative<event::Text>(*message));
      EXPECT_EQ(std::get<event::Text>(*message).data, expected);
    }
    EXPECT_TRUE(co_await socket->close(3000, "enough"));
    co_await client.join();
    CO_REQUIRE(outcome && *outcome);
    EXPECT_EQ((*outcome)->code, 3000);
    EXPECT_EQ((*outcome)->reason, "enough");
    EXPECT_TRUE((*outcome)->clean);
  });
}

TEST(EchoClient, TellsWhyItCannotConnect) {
  run([]() -> asio::awaitable<void> {
    const Url nowhere("no..such..name", 1);
    const auto outcome = co_await run_echo_client(nowhere, connect_options());
    CO_REQUIRE(!outcome);
    EXPECT_EQ(outcome.error().stage, DialStage::resolve);
  });
}

}  // namespace
}  // namespace ws::io
