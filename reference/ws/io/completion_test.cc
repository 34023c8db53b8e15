// The operations with Asio's completion tokens: callbacks, futures, deferred, coroutines of another executor.
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

#include <asio/bind_executor.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <thread>
#if ASIO_VERSION >= 102400
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
#if ASIO_VERSION >= 102400
using asio::as_tuple;
using asio::deferred;
#else
using asio::experimental::as_tuple;
using asio::experimental::deferred;
#endif

// An echo server and a client's connection, in a thread of their own.
struct Far {
  Far() : thread([this] { context.run(); }) {}
  ~Far() {
    asio::post(context, [this] {
      socket.reset();
      service.reset();
    });
    work.reset();
    thread.join();
  }

  void open() {
    auto started =
        Service::start(context.get_executor(), {}, [](std::shared_ptr<WebSocket> s) -> asio::awaitable<void> {
          while (true) {
            auto received = co_await s->read();
            auto* const text = received ? std::get_if<event::Text>(&*received) : nullptr;
            if (text == nullptr || co_await s->write_text(std::move(text->data))) co_return;
          }
        });
    service = std::move(*started);
    auto opened = connect(context.get_executor(), Url("127.0.0.1", service->port()), {}, asio::use_future).get();
    if (!opened) throw std::runtime_error(opened.error().text);
    socket.emplace(std::move(*opened));
  }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::unique_ptr<Service> service;
  std::optional<WebSocket> socket;
  std::thread thread;
};

TEST(Completion, FuturesFromAnotherThread) {
  Far far;
  far.open();
  far.socket->write_text("one", asio::use_future).get();
  EXPECT_EQ(std::get<event::Text>(far.socket->read(asio::use_future).get()).data, "one");
  EXPECT_LT(far.socket->ping(asio::use_future).get(), std::chrono::seconds(60));
  // Codes, not exceptions: ThreadSanitizer does not see how libstdc++ counts those of futures.
  const auto code = asio::use_future([](std::error_code error, Received) { return error; });
  EXPECT_EQ(far.socket->read(milliseconds(1), code).get(), asio::error::timed_out);
  far.socket->write_binary({std::byte{1}}, asio::use_future).get();
  const auto ended = far.socket->close(1000, "bye", asio::use_future).get();
  EXPECT_TRUE(ended.clean || ended.code == 1006);
  const auto late = far.socket->write_text("late", asio::use_future([](std::error_code error) { return error; })).get();
  EXPECT_EQ(late, UseError::closed);
  EXPECT_EQ(complete(far.context.get_executor(), far.service->stop(), asio::use_future).get().dropped, 0u);
}

TEST(Completion, AFailedOpeningSaysWhy) {
  Far far;
  const auto opened = connect(far.context.get_executor(), Url("127.0.0.1", 1), {}, asio::use_future).get();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().stage, DialStage::connect);
}

// A handler is called on its own executor, and never before the function has returned that it was given to.
TEST(Completion, CallbacksOnTheirOwnExecutor) {
  Far far;
  far.open();
  asio::io_context here(1);
  std::vector<std::string> log;
  const auto mine = std::this_thread::get_id();
  far.socket->write_text("a", asio::bind_executor(here, [&](std::error_code error) {
                           EXPECT_FALSE(error);
                           EXPECT_EQ(std::this_thread::get_id(), mine);
                           log.emplace_back("written");
                           far.socket->read(asio::bind_executor(here, [&](std::error_code failed, Received received) {
                             EXPECT_FALSE(failed);
                             log.emplace_back(std::get<event::Text>(received).data);
                             far.socket->read(milliseconds(5),
                                              asio::bind_executor(here, [&](std::error_code late, Received) {
                                                EXPECT_EQ(late, asio::error::timed_out);
                                                log.emplace_back("late");
                                              }));
                             log.emplace_back("returned");
                           }));
                         }));
  here.run();  // until nothing is left to do: the operations count as work
  EXPECT_THAT(log, testing::ElementsAre("written", "a", "returned", "late"));
}

TEST(Completion, ACallbackWithoutExecutorIsCalledOnTheStreams) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    Signal done(co_await asio::this_coro::executor);
    bool called = false;
    s.client->write_text("x", [&](std::error_code) {
      called = true;
      done.notify_all();
    });
    EXPECT_FALSE(called);
    EXPECT_FALSE(co_await done.wait(deadline_after(kPatience)));
    EXPECT_EQ(text_of(co_await s.server->read()), "x");
  });
}

TEST(Completion, DeferredStartsWhenItIsAskedTo) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    auto later = s.client->write_text("x", deferred);
    EXPECT_FALSE(co_await s.server->read(milliseconds(1)));
    co_await std::move(later)(asio::use_awaitable);
    EXPECT_EQ(text_of(co_await s.server->read()), "x");
  });
}

TEST(Completion, CoroutinesOfAnyExecutor) {
  Far far;
  far.open();
  using Executor = asio::io_context::executor_type;
  constexpr asio::use_awaitable_t<Executor> token;
  asio::io_context here(1);
  std::string seen;
  asio::co_spawn(
      here.get_executor(),
      [&]() -> asio::awaitable<void, Executor> {
        co_await far.socket->write_text("plain", token);
        Received received = co_await far.socket->read(token);
        seen = std::get<event::Text>(received).data;
        const auto [error, nothing] = co_await far.socket->read(milliseconds(1), as_tuple(token));
        EXPECT_EQ(error, asio::error::timed_out);
        (void)nothing;
        MessageWriter writer = co_await far.socket->start_text(token);
        co_await writer.write(as_octets("in "), token);
        co_await writer.finish(as_octets("parts"), token);
        received = co_await far.socket->read(token);
        seen += ", " + std::get<event::Text>(received).data;
      },
      asio::detached);
  here.run();
  EXPECT_EQ(seen, "plain, in parts");
}

TEST(Completion, ASlotCancelsAndTheConnectionGoesOn) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    for (const auto kind :
         {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
      asio::cancellation_signal signal;
      Signal done(co_await asio::this_coro::executor);
      std::error_code seen;
      s.client->read(asio::bind_cancellation_slot(signal.slot(), [&](std::error_code error, Received) {
        seen = error;
        done.notify_all();
      }));
      co_await yield_often();
      signal.emit(kind);
      EXPECT_FALSE(co_await done.wait(deadline_after(kPatience)));
      EXPECT_EQ(seen, asio::error::operation_aborted);
    }
    EXPECT_FALSE(co_await s.server->write_text("still there"));
    EXPECT_EQ(text_of(co_await s.client->read()), "still there");
  });
}

TEST(Completion, CodesCompareWithEnumerators) {
  std::error_code error = UseError::closed;
  EXPECT_EQ(error, UseError::closed);
  EXPECT_NE(error, UseError::wrong_kind);
  error = Misuse::text_not_utf8;
  EXPECT_TRUE(error == Misuse::text_not_utf8 && error != Misuse::wrong_state && error != UseError::closed);
  const Result result = make_error_code(UseError::closed);
  EXPECT_TRUE(result == UseError::closed);
  EXPECT_EQ(error.message(), describe(Misuse::text_not_utf8));
}

TEST(Completion, BytesInBracesWithinCoAwait) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_FALSE(co_await s.client->write_binary({std::byte{'a'}, std::byte{'b'}}));
    EXPECT_FALSE(co_await s.client->write_binary({}));
    EXPECT_EQ(text_of(co_await s.server->read()), "binary: ab");
    EXPECT_EQ(text_of(co_await s.server->read()), "binary: ");
  });
}

}  // namespace
}  // namespace ws::io
