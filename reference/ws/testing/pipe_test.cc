#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/io/websocket.h>
#include <ws/testing/clock.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>
#include <ws/testing/seeded.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

namespace ws::testing {
namespace {

using namespace std::chrono_literals;
using Task = asio::awaitable<void>;

// One read: the octets, or why there are none.
Task read_one(io::Stream& stream, std::string& into, std::size_t most = 100) {
  Bytes buffer(most);
  const auto count = co_await stream.read_some(buffer);
  into = count ? to_string(ByteView(buffer).first(*count)) : count.error().message();
}

const std::string kEof = make_error_code(asio::error::eof).message();
const std::string kReset = make_error_code(asio::error::connection_reset).message();

TEST(Pipe, CarriesOctetsBothWaysAndEachEnd) {
  run([]() -> Task {
    Pipe pipe(co_await asio::this_coro::executor);
    std::string got;
    EXPECT_FALSE(co_await pipe.client->write(as_octets("ask")));
    EXPECT_FALSE(co_await pipe.server->write(as_octets("answer")));
    EXPECT_FALSE(co_await pipe.client->shutdown_send());
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "ask");
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, kEof);
    co_await read_one(*pipe.client, got);
    EXPECT_EQ(got, "answer");
    EXPECT_TRUE(co_await pipe.client->write(as_octets("more"))) << "behind the end";
  });
}

TEST(Pipe, CutsOctetsIntoTheChosenPieces) {
  run([]() -> Task {
    Course cut;
    cut.pieces = {1, 3};
    Pipe pipe(co_await asio::this_coro::executor, cut);
    EXPECT_FALSE(co_await pipe.client->write(as_octets("abcde")));
    EXPECT_FALSE(co_await pipe.client->write(as_octets("fgh")));
    std::string all, got;
    for (int i = 0; i < 4; ++i) {
      co_await read_one(*pipe.server, got);
      all += got + "|";
    }
    EXPECT_EQ(all, "a|bcd|e|fgh|");
  });
}

TEST(Pipe, DelaysOctetsOnTheClockOfTheTest) {
  run([]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    ManualClock clock(executor);
    Course course;
    course.delay = 10s;
    Pipe pipe(executor, course);
    EXPECT_FALSE(co_await pipe.client->write(as_octets("one")));
    clock.advance(4s);
    EXPECT_FALSE(co_await pipe.client->write(as_octets("two")));
    std::string got;
    clock.advance(6s);
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "one");
    EXPECT_EQ(pipe.to_server.arrived(), 3U);
    clock.advance(4s);
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "two");
  });
}

TEST(Pipe, WakesAReaderWhenItsOctetsAreDue) {
  std::string got;
  bool advanced = false;
  run([&]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    ManualClock clock(executor);
    Course course;
    course.delay = 1h;
    Pipe pipe(executor, course);
    EXPECT_FALSE(co_await pipe.client->write(as_octets("late")));
    io::Watchdog later(executor, io::Clock::now(), [&] {
      advanced = true;
      EXPECT_EQ(got, "");
      clock.advance(1h);
    });
    co_await read_one(*pipe.server, got);
    EXPECT_TRUE(advanced);
    EXPECT_EQ(got, "late");
  });
}

TEST(Pipe, EndsBehindTheChosenOctet) {
  run([]() -> Task {
    Course course;
    course.end_after = 4;
    Pipe pipe(co_await asio::this_coro::executor, course);
    EXPECT_FALSE(co_await pipe.client->write(as_octets("abcdef"))) << "the writer does not know yet";
    std::string got;
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "abcd");
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, kEof);
    EXPECT_FALSE(co_await pipe.server->write(as_octets("still"))) << "the other direction lives";
  });
}

TEST(Pipe, ResetsBehindTheChosenOctetForBoth) {
  run([]() -> Task {
    Course course;
    course.reset_after = 4;
    Pipe pipe(co_await asio::this_coro::executor, course);
    EXPECT_EQ(co_await pipe.client->write(as_octets("abcdef")), asio::error::connection_reset);
    std::string got;
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "abcd");
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, kReset);
    co_await read_one(*pipe.client, got);
    EXPECT_EQ(got, kReset);
    EXPECT_EQ(co_await pipe.server->write(as_octets("x")), asio::error::connection_reset);
  });
}

TEST(Pipe, StallsAWriterUntilItGoesOn) {
  std::vector<std::string> order;
  run([&]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    Course course;
    course.capacity = 8;
    course.stall_after = 3;
    Pipe pipe(executor, course);
    io::Watchdog later(executor, io::Clock::now(), [&] {
      order.push_back("goes on at " + std::to_string(pipe.to_server.arrived()));
      pipe.to_server.go_on();
    });
    std::string all, got;
    EXPECT_FALSE(co_await pipe.client->write(as_octets("abcdefgh")));
    co_await read_one(*pipe.server, got);
    all += got;
    co_await read_one(*pipe.server, got);
    all += got;
    order.push_back(all);
  });
  EXPECT_EQ(order, (std::vector<std::string>{"goes on at 3", "abcdefgh"}));
}

TEST(Pipe, LetsAWriterWaitForRoom) {
  run([]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    Course course;
    course.capacity = 4;
    Pipe pipe(executor, course);
    io::Watchdog later(executor, io::Clock::now(), [&] {
      EXPECT_EQ(pipe.to_server.written(), 4U);
      pipe.client->close();
    });
    EXPECT_EQ(co_await pipe.client->write(as_octets("abcdef")), asio::error::operation_aborted);
    std::string got;
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, "abcd");
    co_await read_one(*pipe.server, got);
    EXPECT_EQ(got, kEof);
  });
}

TEST(Pipe, CloseAndResetOfAnEndReachTheOther) {
  run([]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    Pipe closed(executor), reset(executor);
    std::string got;
    closed.server->close();
    EXPECT_EQ(co_await closed.client->write(as_octets("x")), asio::error::broken_pipe);
    co_await read_one(*closed.client, got);
    EXPECT_EQ(got, kEof);
    reset.server->reset();
    co_await read_one(*reset.client, got);
    EXPECT_EQ(got, kReset);
  });
}

TEST(Pipe, RefusesACourseThatMovesNothing) {
  asio::io_context context;
  EXPECT_THROW(Pipe(context.get_executor(), {.pieces = {4, 0}}), std::invalid_argument);
  EXPECT_THROW(Pipe(context.get_executor(), {}, {.capacity = 0}), std::invalid_argument);
}

// What crosses a pipe when a client sends `text` and both close in order, with everything that was seen.
struct Conversation {
  std::string echoed;
  io::Ended client{}, server{};
  std::uint64_t to_server = 0, to_client = 0;
};

Conversation converse(const std::string& text, Course up, Course down) {
  Conversation seen;
  std::optional<Pipe> pipe;
  const auto server = [&]() -> Task {
    io::AcceptOptions options;
    auto socket = co_await io::accept(std::move(pipe->server), options);
    if (!socket) co_return;
    while (true) {
      auto received = co_await socket->read();
      if (!received) co_return;
      if (const auto* ended = std::get_if<io::Ended>(&*received)) {
        seen.server = *ended;
        co_return;
      }
      if (auto* message = std::get_if<event::Text>(&*received)) (void)co_await socket->write_text(message->data);
    }
  };
  run([&]() -> Task {
    const auto executor = co_await asio::this_coro::executor;
    pipe.emplace(executor, up, down);
    asio::co_spawn(executor, server, asio::detached);
    const auto url = parse_url("ws://pipe.test/");
    io::ConnectOptions options;
    make_deterministic(options.connection, 7);
    auto socket = co_await io::connect(std::move(pipe->client), *url, options);
    if (!socket) {
      seen.echoed = socket.error().text;
      co_return;
    }
    (void)co_await socket->write_text(text);
    auto received = co_await socket->read();
    if (auto* message = received ? std::get_if<event::Text>(&*received) : nullptr) seen.echoed = message->data;
    if (auto ended = co_await socket->close()) seen.client = *ended;
  });
  seen.to_server = pipe->to_server.written();
  seen.to_client = pipe->to_client.written();
  return seen;
}

TEST(Pipe, CarriesAConnectionHoweverItIsCut) {
  const std::string text(300, 'x');
  const Conversation whole = converse(text, {}, {});
  EXPECT_EQ(whole.echoed, text);
  EXPECT_TRUE(whole.client.clean);
  EXPECT_TRUE(whole.server.clean);
  const Conversation cut = converse(text, {.pieces = {1}, .capacity = 5}, {.pieces = {1, 2, 7}});
  EXPECT_EQ(cut.echoed, text);
  EXPECT_TRUE(cut.client.clean);
  EXPECT_EQ(cut.to_server, whole.to_server) << "the same octets from the same seed";
  EXPECT_EQ(cut.to_client, whole.to_client);
}

TEST(Pipe, AConnectionThatIsCutOffAnywhereIsNotClean) {
  const std::uint64_t all = converse("hello", {}, {}).to_client;
  for (std::uint64_t n = 0; n < all; n += 7) {
    Course course;
    course.end_after = n;
    const Conversation cut = converse("hello", {}, course);
    EXPECT_FALSE(cut.client.clean) << n;
    EXPECT_EQ(cut.client.code, close_code::kAbnormal) << n;
  }
}

}  // namespace
}  // namespace ws::testing
