// Signals lose no notification; watchdogs fire once or never.
#include <ws/io/net/test_support.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

TEST(DeadlineAfter, LongLimitsMeanNever) {
  EXPECT_EQ(deadline_after(kNoLimit), Clock::time_point::max());
  EXPECT_EQ(deadline_after(kNoLimit - milliseconds(1)), Clock::time_point::max());
  const auto now = deadline_after(milliseconds(0));
  EXPECT_LE(now, Clock::now());
}

TEST(Signal, WakesOneOrAllInTheOrderOfWaiting) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Signal signal(executor);
    std::string order;
    std::vector<Task> tasks;
    for (const char name : {'a', 'b', 'c'}) {
      tasks.emplace_back(executor, [&order, &signal, name]() -> asio::awaitable<void> {
        EXPECT_FALSE(co_await signal.wait());
        order += name;
      });
    }
    co_await yield_often();
    signal.notify_one();
    co_await yield_often();
    EXPECT_EQ(order, "a");
    signal.notify_all();
    for (Task& task : tasks) co_await task.join();
    EXPECT_EQ(order, "abc");
    EXPECT_FALSE(signal.has_waiters());
  });
}

TEST(Signal, WaitEndsAtItsDeadlineAndWhenCancelled) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Signal signal(executor);
    EXPECT_EQ(co_await signal.wait(deadline_after(milliseconds(1))), asio::error::timed_out);
    std::error_code error;
    Task waiting(executor, [&]() -> asio::awaitable<void> { error = co_await signal.wait(); });
    co_await yield_often();
    waiting.cancel();
    co_await waiting.join();
    EXPECT_EQ(error, asio::error::operation_aborted);
    EXPECT_FALSE(signal.has_waiters());
  });
}

TEST(Watchdog, BitesOnceAndOnlyWhileAlive) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    int bites = 0;
    Signal bitten(executor);
    const Watchdog watchdog(executor, Clock::now(), [&] {
      ++bites;
      bitten.notify_all();
    });
    EXPECT_FALSE(watchdog.fired());
    {
      const Watchdog gone(executor, Clock::now(), [&] { bites += 100; });
    }
    EXPECT_FALSE(co_await bitten.wait());
    co_await yield_often();
    EXPECT_TRUE(watchdog.fired());
    EXPECT_EQ(bites, 1);
  });
}

}  // namespace
}  // namespace ws::io
