// What the settings make two ends agree on, and what goes over the wire then.
#include <ws/io/deflate_settings.h>
#include <ws/io/test_sockets.h>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::HasSubstr;

Options with(const DeflateSettings& settings) {
  Options options;
  EXPECT_TRUE(apply(settings, options));
  return options;
}

// A connection whose sides have these settings.
asio::awaitable<Sockets> between(DeflateSettings client, DeflateSettings server) {
  ConnectOptions connecting;
  connecting.connection = with(client);
  AcceptOptions accepting;
  accepting.connection = with(server);
  co_return co_await opened(false, connecting, accepting);
}

std::string compressible(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * i / 5 % 17);
  return text;
}

TEST(DeflateSettings, OffIsOffOnEitherSide) {
  run([]() -> asio::awaitable<void> {
    const DeflateSettings off{.mode = Deflating::off}, on;
    EXPECT_FALSE((co_await between(off, on)).client->deflate());
    EXPECT_FALSE((co_await between(on, off)).client->deflate());
    EXPECT_TRUE((co_await between(on, on)).client->deflate());
  });
}

TEST(DeflateSettings, EveryWindowAndBothModesCarryMessages) {
  run([]() -> asio::awaitable<void> {
    const std::string text = compressible(60'000);
    for (int bits = 8; bits <= 15; ++bits) {
      for (const Deflating mode : {Deflating::no_takeover, Deflating::takeover}) {
        const DeflateSettings settings{.mode = mode, .window_bits = bits};
        for (const bool client_decides : {true, false}) {
          const DeflateSettings other;
          Sockets s = co_await between(client_decides ? settings : other, client_decides ? other : settings);
          const auto agreed = s.client->deflate();
          EXPECT_EQ(agreed, s.server->deflate());
          if (client_decides && bits == 8) {
            EXPECT_FALSE(agreed) << "zlib has no window of 256 octets";
          } else {
            CO_REQUIRE(agreed);
            EXPECT_EQ(agreed->client_no_context_takeover, mode == Deflating::no_takeover);
            EXPECT_EQ(agreed->server_no_context_takeover, mode == Deflating::no_takeover);
            EXPECT_EQ(agreed->client_max_window_bits, bits);
          }
          for (int i = 0; i < 2; ++i) {
            EXPECT_FALSE(co_await s.client->write_text(text));
            EXPECT_EQ(text_of(co_await s.server->read()), text);
            EXPECT_FALSE(co_await s.server->write_text(text));
            EXPECT_EQ(text_of(co_await s.client->read()), text);
          }
        }
      }
    }
  });
}

// Octets of the frame that a message becomes.
std::size_t cost(WebSocket& socket, const std::string& text, Compress compress = Compress::by_threshold) {
  const std::size_t before = socket.queued();
  EXPECT_TRUE(socket.queue(command::Text{text, true, compress}));
  return socket.queued() - before;
}

TEST(DeflateSettings, TakeoverMakesTheSecondMessageSmall) {
  run([]() -> asio::awaitable<void> {
    const std::string text = compressible(2'000);
    for (const Deflating mode : {Deflating::no_takeover, Deflating::takeover}) {
      const DeflateSettings settings{.mode = mode};
      Sockets s = co_await between(settings, settings);
      const std::size_t first = cost(*s.client, text), second = cost(*s.client, text);
      if (mode == Deflating::takeover) {
        EXPECT_LT(second, first / 2);
      } else {
        EXPECT_NEAR(static_cast<double>(second), static_cast<double>(first), 1);
      }
    }
  });
}

TEST(DeflateSettings, ThresholdLevelAndTheMessagesOwnChoice) {
  run([]() -> asio::awaitable<void> {
    const std::string text = compressible(2'000);
    DeflateSettings settings{.mode = Deflating::no_takeover, .threshold = 2'001};
    Sockets s = co_await between(settings, settings);
    EXPECT_GT(cost(*s.client, text), text.size());
    EXPECT_LT(cost(*s.client, text, Compress::always), text.size() / 2);
    settings.threshold = 2'000;
    s = co_await between(settings, settings);
    const std::size_t fast = cost(*s.client, text);
    EXPECT_LT(fast, text.size() / 2);
    EXPECT_GT(cost(*s.client, text, Compress::never), text.size());
    EXPECT_FALSE(co_await s.client->write_text(text, kNoLimit, Compress::never));
    settings.level = 9;
    s = co_await between(settings, settings);
    EXPECT_LT(cost(*s.client, text), fast);
    settings.level = 0;
    s = co_await between(settings, settings);
    EXPECT_GT(cost(*s.client, text), text.size());
  });
}

TEST(DeflateSettings, WhatIsOutOfRangeIsNamed) {
  Options options;
  for (const int bits : {7, 16})
    EXPECT_THAT(apply({.window_bits = bits}, options).error(), HasSubstr("window_bits is " + std::to_string(bits)));
  for (const int level : {-1, 10}) EXPECT_THAT(apply({.level = level}, options).error(), HasSubstr("level is "));
}

}  // namespace
}  // namespace ws::io
