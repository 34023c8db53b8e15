// Test your proxy handler: it moves octets between two connections in memory, whose octets come in pieces, late or not
// at all. Time is virtual: nobody sleeps. Here a small relay stands for yours.
#include <gtest/gtest.h>
#include <ws/io/serve/echo_server.h>
#include <ws/testing/matchers.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>

namespace {

using namespace ws::testing;
using namespace std::chrono_literals;
using ws::io::Stream;

asio::awaitable<void> relay(Stream& from, Stream& to) {
  ws::Bytes buffer(4096);
  while (true) {
    const auto count = co_await from.read_some(buffer);
    if (!count && count.error() == std::errc::connection_reset) co_return to.reset();
    if (!count) break;
    if (co_await to.write(ws::ByteView(buffer).first(*count))) co_return from.reset();
  }
  (void)co_await to.shutdown_send();
}

// A client asks an echo server through the relay: client == outside == relay == inside == server.
Heard ask_through_relay(std::vector<Frame> frames, const Course& outside, const Course& inside) {
  Heard heard;
  std::optional<Pipe> front, back;
  run_in_virtual_time({[&]() -> asio::awaitable<void> {
                         const auto executor = co_await asio::this_coro::executor;
                         front.emplace(executor, outside, outside);
                         back.emplace(executor, inside, inside);
                         const auto url = ws::parse_url("ws://proxied.test/");
                         const AskOptions options;
                         heard = co_await ask(std::move(front->client), *url, frames, options);
                       },
                       [&]() -> asio::awaitable<void> { co_await relay(*front->server, *back->client); },
                       [&]() -> asio::awaitable<void> { co_await relay(*back->client, *front->server); },
                       [&]() -> asio::awaitable<void> {
                         const ws::io::AcceptOptions options;
                         auto socket = co_await ws::io::accept(std::move(back->server), options);
                         if (socket) (void)co_await ws::io::echo(*socket);
                       }});
  return heard;
}

TEST(YourProxyHandler, IsTransparentHoweverTheOctetsAreCut) {
  Course cut;
  cut.pieces = {1, 2, 5};
  cut.capacity = 7;
  EXPECT_THAT(ask_through_relay({text("hello"), binary("\x01")}, cut, cut), Echoes("hello", ws::to_bytes("\x01")));
  EXPECT_THAT(ask_through_relay({with(Bit::rsv1, text("hello"))}, cut, {}), FailsWith(ws::Violation::reserved_bit));
}

TEST(YourProxyHandler, PassesAResetOn) {
  Course torn;
  torn.reset_after = 300;
  const Heard heard = ask_through_relay({text(std::string(1000, 'x'))}, {}, torn);
  ASSERT_FALSE(heard.transcript.pieces.empty());
  EXPECT_EQ(heard.transcript.pieces.back().kind, Transcript::Kind::it_reset);
}

TEST(YourProxyHandler, WaitsForAServerThatIsSlow) {
  Course slow;
  slow.delay = 900ms;
  EXPECT_THAT(ask_through_relay({text("hello")}, {}, slow), AllOf(Echoes("hello"), ObeysTheRfc()));
}

}  // namespace
