// Two ends of a connection over TCP and TLS, and what each operation promises.
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>
#include <map>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class AnySocket : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] static bool secure() { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(, AnySocket, testing::Bool(), [](const auto& tls) { return tls.param ? "Tls" : "Tcp"; });

TEST_P(AnySocket, CarriesMessagesBothWays) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(secure());
    EXPECT_EQ(s.server->request().target, "/chat");
    EXPECT_EQ(s.client->response().status, 101);
    EXPECT_TRUE(s.client->deflate());
    EXPECT_EQ(s.client->deflate(), s.server->deflate());
    EXPECT_FALSE(co_await s.client->write_text("hello"));
    EXPECT_FALSE(co_await s.server->write_binary(to_bytes("world")));
    EXPECT_EQ(text_of(co_await s.server->read()), "hello");
    EXPECT_EQ(text_of(co_await s.client->read()), "binary: world");
  });
}

TEST_P(AnySocket, ClosesCleanlyFromEitherSide) {
  run([]() -> asio::awaitable<void> {
    for (const bool client_first : {true, false}) {
      Sockets s = co_await opened(secure());
      WebSocket& closing = client_first ? *s.client : *s.server;
      WebSocket& other = client_first ? *s.server : *s.client;
      std::string seen;
      Task reading(closing.stream().executor(),
                   [&]() -> asio::awaitable<void> { seen = text_of(co_await other.read()); });
      const auto ended = co_await closing.close(3001, "bye");
      co_await reading.join();
      EXPECT_EQ(seen, "ended 3001 bye clean");
      CO_REQUIRE(ended);
      EXPECT_EQ(ended->code, 3001);
      EXPECT_TRUE(ended->clean);
      EXPECT_FALSE(ended->error) << ended->error.message();
      EXPECT_EQ(text_of(co_await other.read()), "ended 3001 bye clean");  // as often as asked
    }
  });
}

TEST_P(AnySocket, CloseWithoutACode) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(secure());
    Task reading(s.server->stream().executor(), [&]() -> asio::awaitable<void> {
      EXPECT_EQ(text_of(co_await s.server->read()), "ended 1005  clean");
    });
    EXPECT_TRUE(co_await s.client->close(close_code::kNoStatus));
    co_await reading.join();
  });
}

TEST_P(AnySocket, ConcurrentWritersDoNotMixMessages) {
  run([]() -> asio::awaitable<void> {
    constexpr int kWriters = 50, kEach = 20;
    Sockets s = co_await opened(secure());
    std::vector<Task> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back(s.client->stream().executor(), [&s, w]() -> asio::awaitable<void> {
        for (int i = 0; i < kEach; ++i) {
          std::string text(static_cast<std::size_t>(1 + (w * 37 + i * 977) % 20'000), static_cast<char>('0' + w));
          text[0] = static_cast<char>('0' + i);
          EXPECT_FALSE(co_await s.client->write_text(std::move(text)));
        }
      });
    }
    std::map<char, int> next;
    for (int n = 0; n < kWriters * kEach; ++n) {
      const std::string text = text_of(co_await s.server->read());
      if (text.size() == 1) continue;
      EXPECT_EQ(text.find_first_not_of(text[1], 1), std::string::npos);
      const int turn = static_cast<unsigned char>(text[0]);
      EXPECT_GE(turn, next[text[1]]) << "a writer's messages changed places";
      next[text[1]] = turn;
    }
    for (Task& writer : writers) co_await writer.join();
  });
}

TEST_P(AnySocket, APeerThatDoesNotReadStopsTheWriter) {
  run([]() -> asio::awaitable<void> {
    constexpr std::size_t kSize = 100'000;
    ConnectOptions options;
    options.connection.deflate_offer.reset();
    Sockets s = co_await opened(secure(), options);
    int written = 0;
    std::error_code error;
    while (!(error = co_await s.server->write_binary(Bytes(kSize), milliseconds(100)))) ++written;
    EXPECT_EQ(error, asio::error::timed_out);
    EXPECT_LE(s.server->queued(), kHighWater + kSize + kMaxHeaderSize);
    // More of them get no turn, and leave nothing behind.
    const std::size_t queued = s.server->queued();
    std::vector<Task> more;
    for (int i = 0; i < 10; ++i) {
      more.emplace_back(s.server->stream().executor(), [&s]() -> asio::awaitable<void> {
        EXPECT_EQ(co_await s.server->write_binary(Bytes(kSize), milliseconds(10)), asio::error::timed_out);
      });
    }
    for (Task& task : more) co_await task.join();
    EXPECT_EQ(s.server->queued(), queued);
    // The message whose write timed out is not lost: the connection is whole.
    for (int i = 0; i <= written; ++i) {
      const auto received = co_await s.client->read();
      CO_REQUIRE(received && std::holds_alternative<event::Binary>(*received));
      EXPECT_EQ(std::get<event::Binary>(*received).data.size(), kSize);
    }
    EXPECT_FALSE(co_await s.server->drain(0));
    EXPECT_FALSE(co_await s.server->write_text("on time"));
    EXPECT_EQ(text_of(co_await s.client->read()), "on time");
  });
}

TEST_P(AnySocket, AReadThatTimesOutOrIsCancelledLosesNothing) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(secure());
    EXPECT_EQ(text_of(co_await s.client->read(milliseconds(1))), "error: Connection timed out");
    std::string seen;
    Task reading(s.client->stream().executor(),
                 [&]() -> asio::awaitable<void> { seen = text_of(co_await s.client->read()); });
    co_await yield_often();
    reading.cancel();
    co_await reading.join();
    EXPECT_EQ(seen, "error: " + make_error_code(asio::error::operation_aborted).message());
    EXPECT_FALSE(co_await s.server->write_text("hello"));
    EXPECT_EQ(text_of(co_await s.client->read()), "hello");
  });
}

TEST_P(AnySocket, PingMeasuresUntilThePong) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(secure());
    // Nobody reads there yet.
    const auto early = co_await s.client->ping(milliseconds(5));
    CO_REQUIRE(!early);
    EXPECT_EQ(early.error(), asio::error::timed_out);
    Task reading(s.server->stream().executor(), [&]() -> asio::awaitable<void> { (void)co_await s.server->read(); });
    EXPECT_TRUE(co_await s.client->ping());
    s.client->drop();
    co_await reading.join();
    EXPECT_FALSE(co_await s.client->ping());
  });
}

TEST_P(AnySocket, DropEndsAllOperations) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(secure());
    std::string seen;
    Task reading(s.client->stream().executor(),
                 [&]() -> asio::awaitable<void> { seen = text_of(co_await s.client->read()); });
    Task closing(s.client->stream().executor(), [&]() -> asio::awaitable<void> { (void)co_await s.client->close(); });
    co_await yield_often();
    s.client.reset();  // as drop()
    co_await reading.join();
    co_await closing.join();
    EXPECT_EQ(seen, "ended 1006 ");
    EXPECT_EQ(text_of(co_await s.server->read()).substr(0, 5), "ended");
    EXPECT_TRUE(co_await s.server->write_text("late"));
  });
}

TEST(WebSocket, MisuseIsAnErrorThatChangesNothing) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_EQ(co_await s.client->write_text("\xff"), make_error_code(Misuse::text_not_utf8));
    const auto closed = co_await s.client->close(1006);
    CO_REQUIRE(!closed);
    EXPECT_EQ(closed.error().message(), describe(Misuse::close_code_invalid));
    EXPECT_FALSE(co_await s.client->write_text("fine"));
    EXPECT_EQ(text_of(co_await s.server->read()), "fine");
  });
}

TEST(WebSocket, FailsTheConnectionForABrokenRule) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    (void)co_await half.raw->write(as_octets("\x81\x01x"));  // unmasked
    Input input;
    Task reading(half.raw->executor(), [&]() -> asio::awaitable<void> {
      input = co_await read_all(*half.raw);
      half.raw->close();
    });
    const auto received = co_await half.server->read();
    co_await reading.join();
    CO_REQUIRE(received && std::holds_alternative<Ended>(*received));
    EXPECT_EQ(std::get<Ended>(*received).violation, Violation::mask_missing);
    EXPECT_FALSE(std::get<Ended>(*received).clean);
    EXPECT_THAT(input.text, StartsWith(std::string("\x88\x0e\x03\xea", 4)));  // Close 1002, mask-missing
  });
}

TEST(WebSocket, APeerThatNeverAnswersCloseIsLeftAfterTheLimit) {
  run([]() -> asio::awaitable<void> {
    AcceptOptions options;
    options.connection.limits.close = milliseconds(10);
    Half half = co_await half_opened(options);
    const auto ended = co_await half.server->close();
    CO_REQUIRE(ended);
    EXPECT_EQ(ended->code, close_code::kAbnormal);
    EXPECT_EQ(ended->error, asio::error::timed_out);
    EXPECT_FALSE(ended->clean);
  });
}

TEST(WebSocket, MessagesBeforeAResetAreDelivered) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    Bytes out;
    for (int i = 0; i < 3; ++i) encode_frame({.mask = MaskKey{}}, as_octets("abc"), out);
    (void)co_await half.raw->write(out);
    half.raw->reset();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(text_of(co_await half.server->read()), "abc");
    const auto received = co_await half.server->read();
    CO_REQUIRE(received && std::holds_alternative<Ended>(*received));
    EXPECT_EQ(std::get<Ended>(*received).error, asio::error::connection_reset);
    EXPECT_EQ(std::get<Ended>(*received).code, close_code::kAbnormal);
  });
}

TEST(WebSocket, AMessageCanBeAnsweredBeforeTheCloseBehindIt) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    Bytes out;
    encode_frame({.mask = MaskKey{}}, as_octets("question"), out);
    encode_frame({.opcode = Opcode::close, .mask = MaskKey{}}, {}, out);
    (void)co_await half.raw->write(out);  // one segment
    EXPECT_EQ(text_of(co_await half.server->read()), "question");
    EXPECT_TRUE(half.server->queue(command::Text{"answer"}));
    Input input;
    Task reading(half.raw->executor(), [&]() -> asio::awaitable<void> {
      input = co_await read_all(*half.raw);
      half.raw->close();
    });
    EXPECT_EQ(text_of(co_await half.server->read()), "ended 1005  clean");
    co_await reading.join();
    EXPECT_EQ(input.text, std::string("\x81\x06") + "answer" + std::string("\x88\x00", 2));
  });
}

// One record of TLS with two frames: the second is there when the reader with a time limit looks for it, and nothing
// new comes from below.
TEST(WebSocket, AReaderWithALimitSeesWhatTlsHasAlready) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(true);
    const std::string large(3000, 'x');
    (void)s.client->queue(command::Text{large, true, Compress::never});
    (void)s.client->queue(command::Text{"small", true, Compress::never});
    EXPECT_EQ(text_of(co_await s.server->read(std::chrono::seconds(30))), large);
    EXPECT_EQ(text_of(co_await s.server->read(std::chrono::seconds(30))), "small");
  });
}

}  // namespace
}  // namespace ws::io
