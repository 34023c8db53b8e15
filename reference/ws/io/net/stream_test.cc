// What every kind of Stream promises, held against each of them.
#include <sys/socket.h>
#include <ws/io/net/stream.h>
#include <ws/io/net/test_support.h>

#include <asio/error.hpp>
#include <asio/ssl/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::AllOf;
using testing::HasSubstr;

class AnyStream : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] static bool secure() { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(, AnyStream, testing::Bool(), [](const auto& tls) { return tls.param ? "Tls" : "Tcp"; });

TEST_P(AnyStream, CarriesOctetsBothWays) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    EXPECT_EQ(client->secure(), secure());
    EXPECT_FALSE(co_await client->write(as_octets("hello")));
    EXPECT_FALSE(co_await server->write(as_octets("world")));
    EXPECT_FALSE(co_await client->shutdown_send());
    EXPECT_FALSE(co_await server->shutdown_send());
    EXPECT_EQ((co_await read_all(*server)).text, "hello");
    EXPECT_EQ((co_await read_all(*client)).text, "world");
  });
}

TEST_P(AnyStream, HalfCloseLeavesTheOtherDirectionOpen) {
  run([]() -> asio::awaitable<void> {
    for (const bool client_first : {true, false}) {
      auto [one, other] = co_await connected(secure());
      if (!client_first) std::swap(one, other);
      EXPECT_FALSE(co_await one->write(as_octets("request")));
      EXPECT_FALSE(co_await one->shutdown_send());  // does not wait for the peer
      const Input request = co_await read_all(*other);
      EXPECT_EQ(request.text, "request");
      EXPECT_EQ(request.error, asio::error::eof);
      EXPECT_FALSE(co_await other->write(as_octets("answer")));
      EXPECT_FALSE(co_await other->shutdown_send());
      const Input answer = co_await read_all(*one);
      EXPECT_EQ(answer.text, "answer");
      EXPECT_EQ(answer.error, asio::error::eof);
    }
  });
}

TEST_P(AnyStream, EndOfInputIsToldAsOftenAsAsked) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    (void)co_await client->shutdown_send();
    EXPECT_EQ((co_await read_all(*server)).error, asio::error::eof);
    EXPECT_EQ((co_await read_all(*server)).error, asio::error::eof);
  });
}

TEST_P(AnyStream, EndOfInputThatWasWaitedForIsToldAgain) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    Task reading(server->executor(), [&]() -> asio::awaitable<void> {
      EXPECT_EQ((co_await read_all(*server)).error, asio::error::eof);
      EXPECT_EQ((co_await read_all(*server)).error, asio::error::eof);
    });
    co_await yield_often();
    (void)co_await client->shutdown_send();
    co_await reading.join();
  });
}

TEST_P(AnyStream, DeliversWhatCameBeforeAReset) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    EXPECT_FALSE(co_await client->write(as_octets("last words")));
    client->reset();
    const Input input = co_await read_all(*server);
    EXPECT_EQ(input.text, "last words");
    EXPECT_EQ(input.error, asio::error::connection_reset);
  });
}

TEST_P(AnyStream, AResetThatAWriteNoticesIsNoOrderlyEnd) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    client->reset();
    while (!co_await server->write(as_octets("anybody there?"))) {
    }
    EXPECT_EQ((co_await read_all(*server)).error, asio::error::connection_reset);
  });
}

TEST_P(AnyStream, CloseEndsOperations) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    std::error_code error;
    Task reading(client->executor(), [&]() -> asio::awaitable<void> { error = (co_await read_all(*client)).error; });
    co_await yield_often();
    EXPECT_FALSE(reading.ended());
    client->close();
    co_await reading.join();
    EXPECT_EQ(error, asio::error::operation_aborted);
    // Also those that start later.
    EXPECT_EQ((co_await read_all(*client)).error, asio::error::operation_aborted);
    EXPECT_EQ(co_await client->write(as_octets("x")), asio::error::operation_aborted);
    EXPECT_EQ(co_await client->shutdown_send(), asio::error::operation_aborted);
  });
}

TEST_P(AnyStream, ACancelledReadLosesNothing) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    std::error_code error;
    Task reading(client->executor(), [&]() -> asio::awaitable<void> { error = (co_await read_all(*client)).error; });
    co_await yield_often();
    reading.cancel();
    co_await reading.join();
    EXPECT_EQ(error, asio::error::operation_aborted);
    EXPECT_FALSE(co_await server->write(as_octets("still here")));
    (void)co_await server->shutdown_send();
    EXPECT_EQ((co_await read_all(*client)).text, "still here");
  });
}

TEST_P(AnyStream, AWriteNobodyReadsEndsWhenCancelled) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    const Bytes much(32 * 1024 * 1024);
    std::error_code error;
    Task writing(client->executor(), [&]() -> asio::awaitable<void> { error = co_await client->write(much); });
    co_await yield_often();
    EXPECT_FALSE(writing.ended());
    writing.cancel();
    co_await writing.join();
    EXPECT_EQ(error, asio::error::operation_aborted);
  });
}

TEST_P(AnyStream, ReadsAndWritesAtTheSameTime) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(secure());
    std::string much(8 * 1024 * 1024, '\0');
    for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 + i / 251);
    // Neither side reads before both write, so that each write depends on the reads beside it.
    std::vector<Task> tasks;
    for (Stream* stream : {client.get(), server.get()}) {
      tasks.emplace_back(stream->executor(), [&much, stream]() -> asio::awaitable<void> {
        EXPECT_FALSE(co_await stream->write(as_octets(much)));
        EXPECT_FALSE(co_await stream->shutdown_send());
      });
      tasks.emplace_back(stream->executor(), [&much, stream]() -> asio::awaitable<void> {
        const Input input = co_await read_all(*stream);
        EXPECT_TRUE(input.text == much);
        EXPECT_EQ(input.error, asio::error::eof);
      });
    }
    for (Task& task : tasks) co_await task.join();
  });
}

TEST(TlsStream, TellsTruncationFromTheEnd) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(true);
    EXPECT_FALSE(co_await client->write(as_octets("cut")));
    ::shutdown(client->descriptor(), SHUT_WR);  // FIN without close_notify
    const Input input = co_await read_all(*server);
    EXPECT_EQ(input.text, "cut");
    EXPECT_EQ(input.error, asio::ssl::error::stream_truncated);
  });
}

TEST(TlsStream, GarbageInsteadOfARecordIsATlsError) {
  run([]() -> asio::awaitable<void> {
    auto [client, server] = co_await connected(true);
    const std::string garbage = "GET / HTTP/1.1\r\n\r\n";
    ::send(client->descriptor(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
    const Input input = co_await read_all(*server);
    EXPECT_EQ(&input.error.category(), &asio::error::get_ssl_category());
    // RFC 8446 6.2: and the peer is told by an alert.
    EXPECT_EQ(&(co_await read_all(*client)).error.category(), &asio::error::get_ssl_category());
  });
}

}  // namespace
}  // namespace ws::io
