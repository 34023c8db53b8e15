#include <gtest/gtest.h>
#include <ws/io/wait.h>
#include <ws/testing/run.h>
#include <ws/testing/service_thread.h>

#include <asio/this_coro.hpp>

#include <stdexcept>
#include <string>

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

TEST(ServiceThread, SaysWhyItCannotListen) {
  io::ServiceOptions options;
  options.listen.host = "192.0.2.1";  // RFC 5737: nobody's
  EXPECT_THROW(ServiceThread(options, io::Handler()), std::runtime_error);
}

}  // namespace
}  // namespace ws::testing
