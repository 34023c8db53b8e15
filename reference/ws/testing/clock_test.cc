#include <gtest/gtest.h>
#include <ws/testing/clock.h>
#include <ws/testing/run.h>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <string>

namespace ws::testing {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, StandsStillAndMovesOnlyWhenTold) {
  asio::io_context context;
  const auto before = io::Clock::now();
  {
    ManualClock clock(context.get_executor());
    const auto start = clock.now();
    EXPECT_GE(start, before);
    EXPECT_EQ(io::Clock::now(), start);
    clock.advance(90s);
    EXPECT_EQ(io::Clock::now(), start + 90s);
    EXPECT_EQ(io::deadline_after(10ms), start + 90s + 10ms);
  }
  EXPECT_LT(io::Clock::now(), before + 90s) << "time goes on where the system's is";
}

TEST(ManualClock, RunsWhatIsDueInItsOrder) {
  asio::io_context context(1);
  ManualClock clock(context.get_executor());
  std::string order;
  const auto at = [&](io::Clock::duration when, char name) {
    return io::Watchdog(context.get_executor(), clock.now() + when, [&order, name] { order += name; });
  };
  const auto c = at(3h, 'c'), a = at(1h, 'a'), b = at(2h, 'b'), d = at(4h, 'd');
  clock.advance(59min);
  context.poll();
  EXPECT_EQ(order, "");
  clock.advance(1min);
  context.run_one();
  context.poll();
  EXPECT_EQ(order, "a");
  clock.advance(2h);
  context.run_one();
  context.poll();
  EXPECT_EQ(order, "abc");
}

// The context sleeps for an hour, as far as it knows, when the time comes.
TEST(ManualClock, WakesAWaiterThatSleepsAlready) {
  std::error_code error;
  run([&]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    ManualClock clock(executor);
    io::Watchdog trigger(executor, clock.now(), [&] { clock.advance(1h); });
    io::Signal never(executor);
    error = co_await never.wait(clock.now() + 1h);
  });
  EXPECT_EQ(error, asio::error::timed_out);
}

TEST(ManualClock, IsAloneInItsThread) {
  asio::io_context context;
  ManualClock clock(context.get_executor());
  EXPECT_THROW(ManualClock(context.get_executor()), std::logic_error);
  EXPECT_EQ(io::Clock::now(), clock.now());
}

}  // namespace
}  // namespace ws::testing
