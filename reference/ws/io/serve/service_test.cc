// A service: handlers, limits, signals, and its end within the deadline.
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>
#include <csignal>
#include <stdexcept>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

std::unique_ptr<Service> serving(const asio::any_io_executor& executor, Handler handler,
                                 ServiceOptions options = ServiceOptions()) {
  auto service = Service::start(executor, std::move(options), std::move(handler));
  if (!service) throw std::runtime_error(service.error());
  return std::move(*service);
}

asio::awaitable<WebSocket> client_of(const Service& service) {
  const Url url("127.0.0.1", service.port());
  auto socket = co_await connect(url, ConnectOptions());
  if (!socket) throw std::runtime_error(socket.error().text);
  co_return std::move(*socket);
}

// Greets, and then waits for the end.
asio::awaitable<void> greet(std::shared_ptr<WebSocket> socket) {
  (void)co_await socket->write_text("hello");
  (void)co_await socket->read();
}

TEST(Service, AHandlersEndClosesItsConnection) {
  run([]() -> asio::awaitable<void> {
    const auto service =
        serving(co_await asio::this_coro::executor, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
          const std::string wish = text_of(co_await socket->read());
          if (wish == "throw") throw std::runtime_error("as wished");
        });
    for (const bool fails : {false, true}) {
      const std::string wish = fails ? "throw" : "end", end = fails ? "ended 1011  clean" : "ended 1000  clean";
      WebSocket client = co_await client_of(*service);
      EXPECT_FALSE(co_await client.write_text(wish));
      EXPECT_EQ(text_of(co_await client.read()), end);
    }
    co_await yield_often();
    EXPECT_EQ(service->connections(), 0u);
    EXPECT_EQ((co_await service->stop()).closed, 0u);
  });
}

TEST(Service, StopsInOrderOnASignal) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto service = serving(executor, greet);
    std::vector<Task> clients;
    int greeted = 0;
    for (int i = 0; i < 5; ++i) {
      clients.emplace_back(executor, [&]() -> asio::awaitable<void> {
        WebSocket client = co_await client_of(*service);
        EXPECT_EQ(text_of(co_await client.read()), "hello");
        ++greeted;
        EXPECT_EQ(text_of(co_await client.read()), "ended 1001 the server stops clean");
      });
    }
    while (greeted < 5) co_await yield_often(1);
    Task waiting(executor, [&]() -> asio::awaitable<void> {
      EXPECT_EQ(co_await wait_for_signal(), SIGTERM);
      const Stopped stopped = co_await service->stop();
      EXPECT_EQ(stopped.closed, 5u);
      EXPECT_EQ(stopped.dropped, 0u);
    });
    co_await yield_often();
    std::raise(SIGTERM);
    for (Task& client : clients) co_await client.join();
    co_await waiting.join();
    DialOptions late;
    late.host = "127.0.0.1";
    late.port = service->port();
    EXPECT_FALSE(co_await dial(late));
  });
}

TEST(Service, WhoDoesNotEndInTimeIsDropped) {
  run([]() -> asio::awaitable<void> {
    ServiceOptions options;
    options.drain = milliseconds(20);
    const auto service = serving(co_await asio::this_coro::executor, greet, options);
    WebSocket deaf = co_await client_of(*service);
    EXPECT_EQ(text_of(co_await deaf.read()), "hello");
    const Stopped stopped = co_await service->stop();  // the client does not read the Close
    EXPECT_EQ(stopped.closed, 0u);
    EXPECT_EQ(stopped.dropped, 1u);
  });
}

TEST(Service, WhatWasWrittenGoesOutBeforeTheClose) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto service = serving(executor, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      (void)co_await socket->write_binary(Bytes(8'000'000), kNoLimit, Compress::never);
      (void)co_await socket->read();
    });
    WebSocket client = co_await client_of(*service);
    co_await yield_often();
    Task stopping(executor, [&]() -> asio::awaitable<void> { EXPECT_EQ((co_await service->stop()).closed, 1u); });
    co_await yield_often();
    EXPECT_EQ(text_of(co_await client.read()).size(), std::string("binary: ").size() + 8'000'000);
    EXPECT_EQ(text_of(co_await client.read()), "ended 1001 the server stops clean");
    co_await stopping.join();
  });
}

TEST(Service, OneMayKeepAConnectionBeyondItsHandler) {
  run([]() -> asio::awaitable<void> {
    std::shared_ptr<WebSocket> kept;
    const auto service = serving(co_await asio::this_coro::executor,
                                 [&kept](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
                                   kept = socket;
                                   co_return;
                                 });
    WebSocket client = co_await client_of(*service);
    co_await yield_often();
    CO_REQUIRE(kept);
    EXPECT_FALSE(co_await kept->write_text("later"));
    EXPECT_EQ(text_of(co_await client.read()), "later");
  });
}

}  // namespace
}  // namespace ws::io
