// What an application does wrong is refused with a sentence, and harms nothing.
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(MisuseOfASocket, WritingBehindTheCloseOrTheEnd) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_TRUE(s.client->queue(command::Close{}));
    const auto late = co_await s.client->write_text("late");
    EXPECT_EQ(late, make_error_code(UseError::closed));
    EXPECT_THAT(late.message(), HasSubstr("closing or closed"));
    EXPECT_EQ(s.client->queue(command::Text{"late"}).error(), Misuse::wrong_state);
    Task reading(s.server->stream().executor(), [&]() -> asio::awaitable<void> {
      EXPECT_EQ(text_of(co_await s.server->read()), "ended 1005  clean");
    });
    EXPECT_TRUE(co_await s.client->close());  // there is only its end to wait for
    co_await reading.join();
    for (WebSocket* socket : {&*s.client, &*s.server}) {
      EXPECT_EQ(co_await socket->write_text("later"), make_error_code(UseError::closed));
      EXPECT_EQ(co_await socket->write_binary({}), make_error_code(UseError::closed));
      EXPECT_EQ((co_await socket->ping()).error(), make_error_code(UseError::closed));
      EXPECT_EQ(socket->queue(command::Ping{}).error(), Misuse::wrong_state);
      EXPECT_TRUE(co_await socket->close());
    }
  });
}

TEST(MisuseOfASocket, ASecondReaderIsRefusedAndTheFirstGoesOn) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    std::string seen;
    Task reading(s.client->stream().executor(),
                 [&]() -> asio::awaitable<void> { seen = text_of(co_await s.client->read()); });
    co_await yield_often();
    const auto second = co_await s.client->read();
    CO_REQUIRE(!second);
    EXPECT_EQ(second.error(), make_error_code(UseError::reader_is_waiting));
    EXPECT_THAT(second.error().message(), HasSubstr("one reader at a time"));
    EXPECT_FALSE(co_await s.server->write_text("for the first"));
    co_await reading.join();
    EXPECT_EQ(seen, "for the first");
    EXPECT_FALSE(co_await s.server->write_text("for the next"));
    EXPECT_EQ(text_of(co_await s.client->read()), "for the next");
  });
}

TEST(MisuseOfASocket, WhatNoFrameMayCarryIsNotSent) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_EQ(co_await s.client->write_text("caf\xe9"), make_error_code(Misuse::text_not_utf8));
    const Bytes long_payload(126);
    EXPECT_EQ(s.client->queue(command::Ping{long_payload}).error(), Misuse::control_too_long);
    EXPECT_EQ(s.client->queue(command::Pong{long_payload}).error(), Misuse::control_too_long);
    EXPECT_EQ(make_error_code(Misuse::control_too_long).message(),
              "the payload of a control frame is longer than 125 octets");
    EXPECT_EQ((co_await s.client->close(1000, std::string(124, 'x'))).error(),
              make_error_code(Misuse::close_reason_too_long));
    EXPECT_EQ((co_await s.client->close(1000, "\xff")).error(), make_error_code(Misuse::text_not_utf8));
    EXPECT_FALSE(co_await s.client->write_text("all is well"));
    EXPECT_EQ(text_of(co_await s.server->read()), "all is well");
  });
}

TEST(MisuseOfASocket, EveryErrorHasASentence) {
  for (int i = 0; i <= static_cast<int>(UseError::wrong_kind); ++i)
    EXPECT_NE(describe(static_cast<UseError>(i)), "unknown misuse");
  EXPECT_EQ(make_error_code(UseError::closed).category().name(), std::string("websocket.use"));
  EXPECT_EQ(make_error_code(Misuse::wrong_role).message(), describe(Misuse::wrong_role));
}

}  // namespace
}  // namespace ws::io
