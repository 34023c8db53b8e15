// Every operation has a time limit and can be cancelled, and neither harms the connection.
#include <ws/core/connection/prepared.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

using Operation = std::function<asio::awaitable<std::error_code>(WebSocket&, milliseconds limit)>;

template <class Value>
std::error_code error_of(const std::expected<Value, std::error_code>& result) {
  return result ? std::error_code() : result.error();
}

struct Named {
  const char* name;
  Operation run;
};

// On a connection whose peer neither reads nor says anything, and whose output waits already.
const std::vector<Named>& operations() {
  static const std::vector<Named> all = {
      {"read",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.read(l));
       }},
      {"read_piece",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.read_piece(l));
       }},
      {"write_text",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return co_await s.write_text("x", l);
       }},
      {"write_binary",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return co_await s.write_binary(Bytes(1), l);
       }},
      {"write_prepared",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         const auto message = std::make_shared<const PreparedMessage>(PreparedMessage::binary({}));
         co_return co_await s.write_prepared(message, l);
       }},
      {"start_text",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.start_text(l));
       }},
      {"drain",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> { co_return co_await s.drain(0, l); }},
      {"ping",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.ping(l));
       }},
      {"wait_ended",
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.wait_ended(l));
       }},
      {"close",  // the last one: it changes the connection
       [](WebSocket& s, milliseconds l) -> asio::awaitable<std::error_code> {
         co_return error_of(co_await s.close(close_code::kNormal, std::string(), l));
       }},
  };
  return all;
}

asio::awaitable<int> stuff(WebSocket& socket) {
  int written = 0;
  std::error_code error;
  while (!error) {
    error = co_await socket.write_binary(Bytes(100'000), milliseconds(50), Compress::never);
    ++written;
  }
  co_return written;
}

TEST(Cancelling, EndsEveryOperation) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    const int written = co_await stuff(*s.server);
    for (const Named& operation : operations()) {
      std::error_code error;
      Task task(s.server->stream().executor(),
                [&]() -> asio::awaitable<void> { error = co_await operation.run(*s.server, kNoLimit); });
      co_await yield_often();
      EXPECT_FALSE(task.ended()) << operation.name;
      task.cancel();
      co_await task.join();
      EXPECT_EQ(error, asio::error::operation_aborted) << operation.name;
    }
    // Whole, and nothing was sent of what got no turn.
    for (int i = 0; i < written; ++i) EXPECT_EQ(text_of(co_await s.client->read()).size(), 100'008u);
    Task closing(s.server->stream().executor(),
                 [&]() -> asio::awaitable<void> { EXPECT_TRUE((co_await s.server->close()).value().clean); });
    EXPECT_EQ(text_of(co_await s.client->read()), "ended 1000  clean");
    co_await closing.join();
  });
}

TEST(TimeLimits, EndEveryOperation) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    (void)co_await stuff(*s.server);
    for (const Named& operation : operations())
      EXPECT_EQ(co_await operation.run(*s.server, milliseconds(1)), asio::error::timed_out) << operation.name;
    s.server->drop();
  });
}

TEST(Cancelling, EndsTheOpeningHandshakeOnBothSides) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    for (const bool client : {true, false}) {
      Pair pair = co_await connected(false);
      std::optional<OpenError> failed;
      Task opening(executor, [&]() -> asio::awaitable<void> {
        std::expected<WebSocket, OpenError> socket = std::unexpected(OpenError());
        if (client) {
          socket = co_await connect(std::move(pair.client), kUrl, ConnectOptions());
        } else {
          socket = co_await accept(std::move(pair.server), AcceptOptions());
        }
        if (!socket) failed = std::move(socket.error());
      });
      co_await yield_often();
      EXPECT_FALSE(opening.ended());
      opening.cancel();
      co_await opening.join();
      CO_REQUIRE(failed);
      EXPECT_EQ(failed->code, asio::error::operation_aborted);
    }
  });
}

}  // namespace
}  // namespace ws::io
