#include <gtest/gtest.h>
#include <ws/io/websocket.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>
#include <ws/testing/script_session.h>
#include <ws/testing/service_thread.h>

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace ws::testing {
namespace {

using namespace std::chrono_literals;
using Coroutine = asio::awaitable<void>;

Coroutine pass(io::Clock::duration time) {
  io::Signal never(co_await asio::this_coro::executor);
  (void)co_await never.wait(io::Clock::now() + time);
}

TEST(Run, RunsBodiesBesideEachOther) {
  std::string order;
  run({[&]() -> Coroutine {
         order += 'a';
         co_await pass(1ms);
         order += 'c';
       },
       [&]() -> Coroutine {
         order += 'b';
         co_return;
       }});
  EXPECT_EQ(order, "abc");
}

TEST(Run, PassesOnWhatIsThrown) {
  const Body throwing = []() -> Coroutine {
    co_await pass(0ms);
    throw std::domain_error("mine");
  };
  EXPECT_THROW(run(throwing), std::domain_error);
  EXPECT_THROW(run_in_virtual_time({throwing}), std::domain_error);
  EXPECT_THROW(run([&]() -> Coroutine { spawn(co_await asio::this_coro::executor, throwing); }), std::domain_error);
}

TEST(Run, GivesUpOnWhatNeverEnds) {
  const Body endless = []() -> Coroutine { co_await pass(1h); };
  EXPECT_THROW(run({endless}, 10ms), std::runtime_error);
  EXPECT_THROW(run_in_virtual_time({endless}, 2s), std::runtime_error);
}

TEST(Run, LetsVirtualTimePassAtOnce) {
  std::string order;
  const auto start = io::Clock::now();
  const Body slow = [&]() -> Coroutine {
    co_await pass(3s);
    order += 'c';
    EXPECT_GE(io::Clock::now(), start + 3s);
  };
  const Body quick = [&]() -> Coroutine {
    order += 'a';
    co_await pass(1s);
    order += 'b';
    co_await pass(3s);
    order += 'd';
  };
  run_in_virtual_time({slow, quick});
  EXPECT_EQ(order, "abcd");
  EXPECT_LT(io::Clock::now(), start + 3s) << "the system's clock is as it was";
}

// A server that opens the connection and then says nothing any more: what the client's deadlines make of it.
io::Clock::duration until_the_end(const std::function<Coroutine(io::WebSocket&)>& wait) {
  io::Clock::duration took{};
  std::optional<Pipe> pipe;
  Script silent(Role::server);
  silent.open().then("wait", [](Script::Session& session) -> asio::awaitable<std::optional<std::string>> {
    while (co_await session.next_frame()) {
    }
    co_return std::nullopt;
  });
  const Body client = [&]() -> Coroutine {
    pipe.emplace(co_await asio::this_coro::executor);
    const auto url = parse_url("ws://pipe.test/");
    const io::ConnectOptions options;
    auto socket = co_await io::connect(std::move(pipe->client), *url, options);
    if (!socket) co_return;
    const auto start = io::Clock::now();
    co_await wait(*socket);
    took = io::Clock::now() - start;
  };
  const Body server = [&]() -> Coroutine { (void)co_await silent.play(*pipe->server, 1h); };
  run_in_virtual_time({client, server});
  return took;
}

TEST(Run, LetsTheDeadlinesOfAConnectionPassAtOnce) {
  const auto closing = until_the_end([](io::WebSocket& socket) -> Coroutine {
    const auto ended = co_await socket.close();
    EXPECT_TRUE(ended && ended->error == asio::error::timed_out);
  });
  EXPECT_GE(closing, Limits{}.close);
  EXPECT_LT(closing, Limits{}.close + 10ms);
  const auto reading = until_the_end([](io::WebSocket& socket) -> Coroutine {
    const auto received = co_await socket.read(7s);
    EXPECT_TRUE(!received && received.error() == asio::error::timed_out);
  });
  EXPECT_GE(reading, 7s);
  EXPECT_LT(reading, 7s + 10ms);
}

TEST(ServiceThread, SaysWhyItCannotListen) {
  io::ServiceOptions options;
  options.listen.host = "192.0.2.1";  // RFC 5737: nobody's
  EXPECT_THROW(ServiceThread(options, io::Handler()), std::runtime_error);
}

}  // namespace
}  // namespace ws::testing
