// Reading beside read(): messages in pieces, hooks of Pings and Pongs, close_read(), keep_alive().
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::StartsWith;

std::string piece_of(const std::expected<ReceivedPiece, std::error_code>& received) {
  if (!received) return "error: " + received.error().message();
  if (const auto* const ended = std::get_if<Ended>(&*received)) return "ended " + std::to_string(ended->code);
  const auto& piece = std::get<MessagePiece>(*received);
  return (piece.is_text ? "text " : "binary ") + to_string(piece.data) + (piece.last ? "." : "");
}

// A frame of the raw client.
asio::awaitable<void> send(Stream& stream, Opcode opcode, std::string payload, bool fin = true) {
  Bytes out;
  encode_frame({.fin = fin, .opcode = opcode, .mask = MaskKey{}}, as_octets(payload), out);
  (void)co_await stream.write(out);
}

struct Pieces {
  std::size_t total = 0, largest = 0;
};

// A whole message; nothing when it does not come whole.
asio::awaitable<Pieces> read_pieces(WebSocket& socket) {
  Pieces pieces;
  while (true) {
    const auto received = co_await socket.read_piece();
    const auto* const piece = received ? std::get_if<MessagePiece>(&*received) : nullptr;
    if (piece == nullptr) co_return Pieces();
    pieces.total += piece->data.size();
    pieces.largest = std::max(pieces.largest, piece->data.size());
    if (piece->last) co_return pieces;
  }
}

TEST(ReadPiece, GivesWhatIsThereBeforeTheMessageIs) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    co_await send(*half.raw, Opcode::text, "one ", false);
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "text one ");
    EXPECT_EQ(piece_of(co_await half.server->read_piece(milliseconds(1))), "error: Connection timed out");
    co_await send(*half.raw, Opcode::ping, "p");
    co_await send(*half.raw, Opcode::cont, "two", true);
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "text two.");
    co_await send(*half.raw, Opcode::binary, "");
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "binary .");
    // A whole frame that comes in parts is given in parts, too.
    (void)co_await half.raw->write(as_octets(std::string_view("\x82\x86\0\0\0\0abc", 9)));
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "binary abc");
    (void)co_await half.raw->write(as_octets("def"));
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "binary def.");
    // read() gives the rest.
    co_await send(*half.raw, Opcode::text, "begun, ", false);
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "text begun, ");
    co_await send(*half.raw, Opcode::cont, "done");
    EXPECT_EQ(text_of(co_await half.server->read()), "done");
    half.raw->close();
    EXPECT_EQ(piece_of(co_await half.server->read_piece()), "ended 1006");
  });
}

TEST(ReadPiece, AMessageOfAnySizeStreamsThroughLittleMemory) {
  run([]() -> asio::awaitable<void> {
    constexpr std::size_t kSize = 40'000'000;
    AcceptOptions options;
    options.connection.limits.message = options.connection.limits.frame = kSize;
    Sockets s = co_await opened(false, ConnectOptions(), options);
    Task writing(s.client->stream().executor(), [&]() -> asio::awaitable<void> {
      auto writer = co_await s.client->start_binary(kNoLimit, Compress::never);
      CO_REQUIRE(writer);
      const Bytes part(1'000'000);
      for (std::size_t sent = 0; sent < kSize; sent += part.size()) EXPECT_FALSE(co_await writer->write(part));
      EXPECT_FALSE(co_await writer->finish());
    });
    const Pieces pieces = co_await read_pieces(*s.server);
    EXPECT_EQ(pieces.total, kSize);
    EXPECT_LE(pieces.largest, 64u * 1024);
    co_await writing.join();
  });
}

TEST(ReadPiece, ABombStreamsThroughLittleMemory) {
  run([]() -> asio::awaitable<void> {
    constexpr std::size_t kSize = 30'000'000;
    AcceptOptions options;
    options.connection.limits.message = kSize;
    Sockets s = co_await opened(false, ConnectOptions(), options);
    Task writing(s.client->stream().executor(),
                 [&]() -> asio::awaitable<void> { EXPECT_FALSE(co_await s.client->write_binary(Bytes(kSize))); });
    const Pieces pieces = co_await read_pieces(*s.server);
    EXPECT_EQ(pieces.total, kSize);
    EXPECT_LE(pieces.largest, 1032u * 4096);
    co_await writing.join();
  });
}

TEST(Hooks, AreCalledForEachPingAndPong) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    std::string seen;
    half.server->on_ping([&](ByteView payload) { seen += "ping " + to_string(payload) + ", "; });
    half.server->on_pong([&](ByteView payload) { seen += "pong " + to_string(payload) + ", "; });
    co_await send(*half.raw, Opcode::ping, "a");
    co_await send(*half.raw, Opcode::pong, "b");
    co_await send(*half.raw, Opcode::ping, "");
    co_await send(*half.raw, Opcode::text, "message");
    EXPECT_EQ(text_of(co_await half.server->read()), "message");
    EXPECT_EQ(seen, "ping a, pong b, ping , ");
    EXPECT_FALSE(co_await half.server->drain(0));
    half.server->drop();
    EXPECT_EQ((co_await read_all(*half.raw)).text, std::string("\x8a\x01"
                                                               "a"
                                                               "\x8a\x00",
                                                               5));
  });
}

TEST(CloseRead, ControlFramesAreHandledWhileOnlyWriting) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();
    EXPECT_FALSE(half.server->close_read());
    co_await send(*half.raw, Opcode::ping, "are you there?");
    std::array<std::byte, 16> pong;
    EXPECT_EQ(co_await half.raw->read_some(pong), 16u);
    EXPECT_EQ(as_text(pong),
              "\x8a\x0e"
              "are you there?");
    EXPECT_FALSE(co_await half.server->write_text("news"));
    EXPECT_EQ((co_await half.server->read()).error(), make_error_code(UseError::reading_given_up));
    EXPECT_EQ((co_await half.server->read_piece()).error(), make_error_code(UseError::reading_given_up));
    EXPECT_EQ(half.server->close_read(), make_error_code(UseError::reading_given_up));
    EXPECT_EQ((co_await half.server->wait_ended(milliseconds(1))).error(), asio::error::timed_out);
    co_await send(*half.raw, Opcode::close, "");
    EXPECT_THAT((co_await read_all(*half.raw)).text, StartsWith("\x81\x04news\x88"));
    half.raw->close();
    const auto ended = co_await half.server->wait_ended();
    CO_REQUIRE(ended);
    EXPECT_TRUE(ended->clean);
    EXPECT_EQ(ended->code, close_code::kNoStatus);
  });
}

TEST(CloseRead, AMessageEndsTheConnectionWith1008) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    std::string waiting;
    Task reading(s.server->stream().executor(),
                 [&]() -> asio::awaitable<void> { waiting = text_of(co_await s.server->read(milliseconds(20))); });
    co_await yield_often();
    EXPECT_EQ(s.server->close_read(), make_error_code(UseError::reader_is_waiting));
    co_await reading.join();
    EXPECT_FALSE(s.server->close_read());
    EXPECT_FALSE(co_await s.client->write_text("unasked"));
    EXPECT_EQ(text_of(co_await s.client->read()), "ended 1008 this endpoint takes no messages clean");
    EXPECT_TRUE((co_await s.server->wait_ended()).value().clean);
  });
}

TEST(KeepAlive, PingsFromTimeToTime) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    Signal pinged(s.client->stream().executor());
    int pings = 0;
    s.client->on_ping([&](ByteView) {
      ++pings;
      pinged.notify_all();
    });
    EXPECT_FALSE(s.client->close_read());
    s.server->keep_alive({.interval = milliseconds(2), .limit = kPatience});
    while (pings < 5) EXPECT_FALSE(co_await pinged.wait(deadline_after(kPatience)));
    const auto still_open = co_await s.server->wait_ended(milliseconds(1));
    EXPECT_FALSE(still_open);
  });
}

TEST(KeepAlive, DropsAPeerThatIsGone) {
  run([]() -> asio::awaitable<void> {
    Half half = co_await half_opened();  // nobody answers there
    half.server->keep_alive({.interval = milliseconds(2), .limit = milliseconds(20)});
    const auto received = co_await half.server->read();
    CO_REQUIRE(received && std::holds_alternative<Ended>(*received));
    EXPECT_EQ(std::get<Ended>(*received).error, asio::error::timed_out);
    EXPECT_EQ(std::get<Ended>(*received).code, close_code::kAbnormal);
    EXPECT_EQ((co_await half.server->wait_ended()).value().error, asio::error::timed_out);
  });
}

TEST(KeepAlive, DoesNotBlameThePeerForWhatNobodyReads) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    EXPECT_FALSE(s.client->close_read());
    EXPECT_FALSE(co_await s.client->write_text("unread"));
    s.server->keep_alive({.interval = milliseconds(1), .limit = milliseconds(5)});
    EXPECT_FALSE(co_await s.server->wait_ended(milliseconds(50)));
    EXPECT_EQ(text_of(co_await s.server->read()), "unread");
  });
}

}  // namespace
}  // namespace ws::io
