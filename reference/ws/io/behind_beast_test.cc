// A socket that another library's HTTP server has upgraded: Boost.Beast's, which has its own Asio.
#if __has_include(<boost/beast/http.hpp>)
#include <ws/io/test_beast.h>
#include <ws/io/test_sockets.h>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words

// The client's first frame comes in one segment with its request, so that Beast reads it, too.
TEST(BehindAnotherServer, BeastHandsOverASocketThatAsksForAWebSocket) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    BeastServer theirs;
    DialOptions dialing;
    dialing.host = "127.0.0.1";
    dialing.port = theirs.port();
    auto client = co_await dial(dialing);
    CO_REQUIRE(client);
    const std::string hello("\x81\x85\0\0\0\0hello", 11);  // RFC 6455 5.7, with a masking key of zeros
    const std::string request =
        "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    EXPECT_FALSE(co_await (*client)->write(as_octets(request + hello)));
    const BeastRequest read = theirs.accept();
    RequestHead head;
    head.method = read.method;
    head.target = read.target;
    head.version_minor = read.version_minor;
    for (const auto& [name, value] : read.fields) head.fields.push_back({name, value});
    auto stream = stream_of(executor, read.descriptor);
    EXPECT_EQ(stream->peer_address().address, "127.0.0.1");
    auto socket = co_await accept(std::move(stream), head, to_bytes(as_octets(read.rest)), {});
    CO_REQUIRE(socket);
    EXPECT_EQ(socket->request().target, "/chat");
    EXPECT_THAT(co_await read_head(**client),
                testing::HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));  // RFC 6455 1.3
    EXPECT_EQ(text_of(co_await socket->read()), "hello");
    EXPECT_FALSE(co_await socket->write_text("hi"));
    std::array<std::byte, 4> answer{};
    EXPECT_EQ(co_await (*client)->read_some(answer), 4u);
    EXPECT_EQ(to_string(answer), "\x81\x02hi");
  });
}

TEST(BehindAnotherServer, WhatIsNoSocketIsClosedAndThrown) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    std::array<int, 2> pipe{};
    CO_REQUIRE(::pipe(pipe.data()) == 0);
    EXPECT_THROW((void)stream_of(executor, pipe[0]), std::system_error);
    EXPECT_EQ(::close(pipe[0]), -1) << "it was closed";
    ::close(pipe[1]);
  });
}

}  // namespace
}  // namespace ws::io
#endif
