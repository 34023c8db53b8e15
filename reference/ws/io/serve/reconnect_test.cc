// Connecting again: when, how often, and after which failures.
#include <unistd.h>
#include <ws/io/serve/reconnect.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

// A server that gives its clients these answers in turn, and 101 when there are no more.
struct Moody {
  Moody(const asio::any_io_executor& executor, std::vector<std::string> refusals)
      : listener(std::move(*Listener::open(executor, ListenOptions()))) {
    serving.emplace(executor, [this, refusals]() -> asio::awaitable<void> {
      for (const std::string& refusal : refusals) {
        auto stream = co_await listener->accept();
        if (!stream) co_return;
        (void)co_await read_head(**stream);
        (void)co_await (*stream)->write(as_octets(refusal));
        (void)co_await read_all(**stream);
      }
      while (true) {
        auto stream = co_await listener->accept();
        if (!stream) co_return;
        ++connections;
        auto socket = co_await accept(std::move(*stream), AcceptOptions());
        if (socket) (void)co_await socket->read();
      }
    });
  }
  Url url() const { return {"127.0.0.1", listener->port()}; }
  asio::awaitable<void> stop() {
    listener->close();
    co_await serving->join();
  }
  std::unique_ptr<Listener> listener;
  std::optional<Task> serving;
  int connections = 0;
};

std::string refusal(const std::string& status, const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

std::vector<std::string> refusals(std::string a, std::string b = "", std::string c = "") {
  std::vector<std::string> all;
  for (std::string* one : {&a, &b, &c})
    if (!one->empty()) all.push_back(std::move(*one));
  return all;
}

// Waits take no time; they are written down.
ReconnectOptions recorded(std::vector<long>& waits) {
  ReconnectOptions again;
  again.backoff.first = milliseconds(100);
  again.random = [] { return 0.5; };
  again.sleep = [&waits](milliseconds wait) -> asio::awaitable<std::error_code> {
    waits.push_back(wait.count());
    co_return std::error_code{};
  };
  return again;
}

TEST(Reconnect, TriesUntilTheServerTakesIt) {
  run([]() -> asio::awaitable<void> {
    Moody server(co_await asio::this_coro::executor,
                 refusals(refusal("503 Busy"), refusal("502 Bad Gateway"), refusal("429 Slow", "Retry-After: 2\r\n")));
    std::vector<long> waits;
    std::vector<int> told;
    ReconnectOptions again = recorded(waits);
    again.on_failure = [&](const OpenError& error, milliseconds) { told.push_back(error.rejected->status); };
    {
      const auto socket = co_await connect_patiently(server.url(), ConnectOptions(), again);
      EXPECT_TRUE(socket);
    }
    EXPECT_EQ(waits, (std::vector<long>({50, 100, 2000})));
    EXPECT_EQ(told, (std::vector<int>({503, 502, 429})));
    co_await server.stop();
  });
}

TEST(Reconnect, WaitsForAServerThatIsNotThereYet) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<long> waits;
    ReconnectOptions again = recorded(waits);
    const TemporaryFile place("");
    ::unlink(place.path.c_str());
    ConnectOptions options;
    options.unix_path = place.path;
    std::unique_ptr<Listener> late;
    again.on_failure = [&](const OpenError& error, milliseconds) {
      EXPECT_EQ(error.stage, DialStage::connect);
      if (waits.size() < 2) return;
      ListenOptions listen;
      listen.unix_path = place.path;
      late = std::move(*Listener::open(executor, listen));
    };
    Task connecting(executor,
                    [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await connect_patiently(kUrl, options, again)); });
    while (!late) co_await yield_often(1);
    auto stream = co_await late->accept();
    CO_REQUIRE(stream);
    EXPECT_TRUE(co_await accept(std::move(*stream), AcceptOptions()));
    co_await connecting.join();
    EXPECT_EQ(waits, (std::vector<long>({50, 100, 200})));
  });
}

TEST(Reconnect, GivesUpWhereThereIsNoHopeOrNoAttemptLeft) {
  run([]() -> asio::awaitable<void> {
    Moody server(co_await asio::this_coro::executor,
                 refusals(refusal("401 Who?"), refusal("503 Busy"), refusal("503 Busy")));
    std::vector<long> waits;
    ReconnectOptions again = recorded(waits);
    auto socket = co_await connect_patiently(server.url(), ConnectOptions(), again);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().rejected->status, 401);
    EXPECT_TRUE(waits.empty());
    again.attempts = 2;
    socket = co_await connect_patiently(server.url(), ConnectOptions(), again);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().rejected->status, 503);
    EXPECT_EQ(waits.size(), 1u);
    co_await server.stop();
  });
}

TEST(Reconnect, KeepsAConnectionUntilItsUserHasEnough) {
  run([]() -> asio::awaitable<void> {
    Moody server(co_await asio::this_coro::executor, refusals(""));
    std::vector<long> waits;
    ReconnectOptions again = recorded(waits);
    auto clock = Clock::now();
    again.now = [&clock] { return clock; };
    int used = 0;
    const auto failed =
        co_await keep_connected(server.url(), ConnectOptions(), again, [&](WebSocket& socket) -> asio::awaitable<bool> {
          if (++used == 4) clock += std::chrono::minutes(1);  // it lasted
          (void)co_await socket.close();
          co_return used < 6;
        });
    EXPECT_FALSE(failed);
    EXPECT_EQ(server.connections, 6);
    EXPECT_EQ(waits, (std::vector<long>({50, 100, 200, 50, 100})));
    co_await server.stop();
  });
}

TEST(Reconnect, IsCancelledWhileItWaits) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Moody server(executor, refusals(refusal("503 Busy")));
    std::optional<OpenError> failed;
    bool waiting = false;
    ReconnectOptions again;
    again.backoff.jitter = 0;
    again.backoff.first = again.backoff.longest = kPatience;
    again.on_failure = [&](const OpenError&, milliseconds) { waiting = true; };
    Task connecting(executor, [&]() -> asio::awaitable<void> {
      auto socket = co_await connect_patiently(server.url(), ConnectOptions(), again);
      if (!socket) failed = std::move(socket.error());
    });
    while (!waiting) co_await yield_often(1);
    connecting.cancel();
    co_await connecting.join();
    CO_REQUIRE(failed);
    EXPECT_EQ(failed->code, asio::error::operation_aborted);
    co_await server.stop();
  });
}

TEST(Reconnect, KnowsWhatIsWorthAnotherAttempt) {
  const auto at = [](DialStage stage, std::error_code code = asio::error::connection_refused) {
    return OpenError{.stage = stage, .code = code};
  };
  EXPECT_TRUE(worth_retrying(at(DialStage::resolve)));
  EXPECT_TRUE(worth_retrying(at(DialStage::connect)));
  EXPECT_TRUE(worth_retrying(at(DialStage::proxy)));
  EXPECT_FALSE(worth_retrying(at(DialStage::tls)));
  EXPECT_TRUE(worth_retrying(at(DialStage::tls, asio::error::timed_out)));
  EXPECT_FALSE(worth_retrying(at(DialStage::connect, asio::error::operation_aborted)));
  EXPECT_TRUE(worth_retrying(OpenError{.code = asio::error::timed_out}));
  EXPECT_TRUE(worth_retrying(OpenError()));  // the connection ended before the answer was complete
  EXPECT_FALSE(worth_retrying(OpenError{.violation = Violation::accept_wrong}));
  EXPECT_FALSE(worth_retrying(OpenError{.code = make_error_code(Misuse::field_malformed)}));
  EXPECT_FALSE(worth_retrying(OpenError{.rejected = ResponseHead{.status = 404}}));
}

}  // namespace
}  // namespace ws::io
