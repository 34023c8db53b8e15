// Messages written in pieces, beside others and with what lies between. RFC 6455 5.4.
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::StartsWith;

// The frames that went out, as "opcode:payload" with '.' after the last of a message.
std::string frames_in(std::string_view octets) {
  std::string shown;
  while (octets.size() >= 2) {
    const auto first = static_cast<unsigned char>(octets[0]), length = static_cast<unsigned char>(octets[1]);
    shown += std::to_string(first & 15) + ":" + std::string(octets.substr(2, length)) + (first >= 0x80 ? ". " : " ");
    octets.remove_prefix(std::min<std::size_t>(octets.size(), 2 + length));
  }
  return shown;
}

asio::awaitable<std::string> read_octets(Stream& stream, std::size_t count) {
  std::string octets;
  std::array<std::byte, 256> buffer;
  while (octets.size() < count) {
    const auto got = co_await stream.read_some(std::span(buffer).first(std::min(buffer.size(), count - octets.size())));
    if (!got) break;
    octets += as_text(ByteView(buffer).first(*got));
  }
  co_return std::move(octets);
}

TEST(MessageWriter, EachPieceIsAFrame) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    auto writer = co_await half.server->start_text();
    CO_REQUIRE(writer);
    EXPECT_FALSE(co_await writer->write(as_octets("caf\xc3")));  // a character may be cut
    EXPECT_TRUE(half.server->queue(command::Ping{}));
    EXPECT_FALSE(co_await writer->write(as_octets("\xa9 ")));
    EXPECT_FALSE(co_await writer->finish(as_octets("!")));
    EXPECT_EQ(frames_in(co_await read_octets(*half.raw, 6 + 2 + 4 + 3)), "1:caf\xc3 9:. 0:\xa9  0:!. ");
    EXPECT_EQ(co_await writer->write(as_octets("more")), make_error_code(Misuse::no_message_in_progress));

    writer = co_await half.server->start_binary();
    CO_REQUIRE(writer);
    EXPECT_FALSE(co_await writer->finish());  // nothing at all
    EXPECT_EQ(frames_in(co_await read_octets(*half.raw, 2)), "2:. ");
  });
}

TEST(MessageWriter, OtherMessagesWaitUntilItIsFinished) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    auto writer = co_await s.client->start_text();
    CO_REQUIRE(writer);
    EXPECT_FALSE(co_await writer->write(as_octets("long ")));
    std::vector<Task> others;
    for (int i = 0; i < 3; ++i) {
      others.emplace_back(s.client->stream().executor(), [&s, i]() -> asio::awaitable<void> {
        EXPECT_FALSE(co_await s.client->write_text("other " + std::to_string(i)));
      });
    }
    EXPECT_EQ((co_await s.client->start_binary(milliseconds(1))).error(), asio::error::timed_out);
    EXPECT_EQ(s.client->queue(command::Text{"queued"}).error(), Misuse::message_in_progress);
    EXPECT_FALSE(others[0].ended());
    EXPECT_FALSE(co_await writer->finish(as_octets("message")));
    EXPECT_EQ(text_of(co_await s.server->read()), "long message");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(text_of(co_await s.server->read()), "other " + std::to_string(i));
    for (Task& other : others) co_await other.join();
  });
}

TEST(MessageWriter, OneThatIsGivenUpEndsTheConnectionWith1011) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    {
      const auto untouched = co_await s.client->start_text();
      CO_REQUIRE(untouched);
    }
    EXPECT_FALSE(co_await s.client->write_text("nothing was begun"));
    EXPECT_EQ(text_of(co_await s.server->read()), "nothing was begun");
    {
      auto writer = co_await s.client->start_text();
      CO_REQUIRE(writer);
      EXPECT_FALSE(co_await writer->write(as_octets("half of ")));
    }
    EXPECT_EQ(co_await s.client->write_text("more"), make_error_code(UseError::closed));
    EXPECT_EQ((co_await s.client->start_text()).error(), make_error_code(UseError::closed));
    Task reading(s.client->stream().executor(), [&]() -> asio::awaitable<void> { (void)co_await s.client->read(); });
    EXPECT_THAT(text_of(co_await s.server->read()), StartsWith("ended 1011 a message was not finished"));
    co_await reading.join();
  });
}

TEST(MessageWriter, APieceThatMakesNoTextIsRefusedAndMayBeReplaced) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    auto writer = co_await s.client->start_text();
    CO_REQUIRE(writer);
    EXPECT_FALSE(co_await writer->write(as_octets("a\xc3")));
    EXPECT_EQ(co_await writer->write(as_octets("b")), make_error_code(Misuse::text_not_utf8));
    EXPECT_EQ(co_await writer->finish(), make_error_code(Misuse::text_not_utf8));
    EXPECT_FALSE(co_await writer->finish(as_octets("\xa4")));
    EXPECT_EQ(text_of(co_await s.server->read()), "a\xc3\xa4");
  });
}

TEST(MessageWriter, EndsWithItsConnection) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    auto writer = co_await s.client->start_binary();
    CO_REQUIRE(writer);
    EXPECT_FALSE(co_await writer->write(Bytes(10)));
    std::error_code waiting;
    Task other(s.client->stream().executor(),
               [&]() -> asio::awaitable<void> { waiting = co_await s.client->write_text("x"); });
    co_await yield_often();
    s.client.reset();
    co_await other.join();
    EXPECT_EQ(waiting, make_error_code(UseError::closed));
    EXPECT_EQ(co_await writer->finish(), make_error_code(UseError::closed));
  });
}

TEST(MessageWriter, APeerThatDoesNotReadStopsIt) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    auto writer = co_await half.server->start_binary();
    CO_REQUIRE(writer);
    const Bytes piece(100'000);
    std::error_code error;
    while (!error) error = co_await writer->write(piece, milliseconds(100));
    EXPECT_EQ(error, asio::error::timed_out);
    EXPECT_LE(half.server->queued(), kHighWater + piece.size() + kMaxHeaderSize);
  });
}

}  // namespace
}  // namespace ws::io
