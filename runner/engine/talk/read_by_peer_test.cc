// What the kernel says of the other end of a connection, against what that end really read.
#include "runner/engine/talk/read_by_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <ws/io/net/listener.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>

namespace touchstone {
namespace {

using asio::ip::tcp;

struct Pair {
  asio::io_context context{1};
  tcp::socket ours{context}, theirs{context};

  explicit Pair(const tcp::endpoint& listen, const asio::ip::address& to) {
    tcp::acceptor acceptor(context, listen);
    ours.connect({to, acceptor.local_endpoint().port()});
    theirs = acceptor.accept();
  }
  void write(std::string_view octets) { asio::write(ours, asio::buffer(octets)); }
  void read(std::size_t n) {
    std::vector<char> into(n);
    asio::read(theirs, asio::buffer(into));
  }
  ReceiveQueue queue() { return receive_queue_of_peer(ours.native_handle()); }
};

void expect_queue_is_seen(Pair& pair) {
  EXPECT_EQ(pair.queue(), ReceiveQueue::empty);
  pair.write("abc");
  EXPECT_EQ(pair.queue(), ReceiveQueue::filled);
  pair.read(2);
  EXPECT_EQ(pair.queue(), ReceiveQueue::filled);
  pair.read(1);
  EXPECT_EQ(pair.queue(), ReceiveQueue::empty);
}

TEST(ReceiveQueueOfPeer, IsSeenOverIpv4) {
  const auto loopback = asio::ip::address_v4::loopback();
  Pair pair({loopback, 0}, loopback);
  expect_queue_is_seen(pair);
}

TEST(ReceiveQueueOfPeer, IsSeenOverIpv6AndOfAServerThatListensOnBoth) {
  Pair both({tcp::v6(), 0}, asio::ip::address_v4::loopback());
  expect_queue_is_seen(both);
  Pair v6({tcp::v6(), 0}, asio::ip::address_v6::loopback());
  expect_queue_is_seen(v6);
}

TEST(ReceiveQueueOfPeer, IsGoneWithTheSocketAlsoWhileTheServerListens) {
  const auto loopback = asio::ip::address_v4::loopback();
  Pair pair({loopback, 0}, loopback);
  tcp::acceptor again(pair.context, {loopback, pair.theirs.local_endpoint().port()});
  pair.theirs.set_option(asio::socket_base::linger(true, 0));
  pair.theirs.close();
  EXPECT_EQ(pair.queue(), ReceiveQueue::gone);
}

TEST(ReceiveQueueOfPeer, IsSeenOnAUnixSocket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  EXPECT_EQ(receive_queue_of_peer(ends[0]), ReceiveQueue::empty);
  ASSERT_EQ(::write(ends[0], "abc", 3), 3);
  EXPECT_EQ(receive_queue_of_peer(ends[0]), ReceiveQueue::filled);
  std::array<char, 8> into{};
  ASSERT_EQ(::read(ends[1], into.data(), into.size()), 3);
  EXPECT_EQ(receive_queue_of_peer(ends[0]), ReceiveQueue::empty);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ReceiveQueueOfPeer, IsHiddenWithoutASocket) { EXPECT_EQ(receive_queue_of_peer(-1), ReceiveQueue::hidden); }

// A stream to a peer that reads only when it is told.
struct Stage {
  asio::io_context context{1};
  std::unique_ptr<ws::io::Stream> ours, theirs;
  SessionOptions options;

  Stage() {
    auto listener = ws::io::Listener::open(context.get_executor(), {});
    const auto connect = [this](std::uint16_t port) -> asio::awaitable<void> {
      ws::io::DialOptions dial;
      dial.host = "127.0.0.1";
      dial.port = port;
      ours = *co_await ws::io::dial(dial);
    };
    const auto accept = [this](ws::io::Listener& from) -> asio::awaitable<void> { theirs = *co_await from.accept(); };
    asio::co_spawn(context, connect((*listener)->port()), asio::detached);
    asio::co_spawn(context, accept(**listener), asio::detached);
    context.run();
    context.restart();
  }
};

TEST(ReadByPeer, ReturnsWhenThePeerHasRead) {
  Stage stage;
  bool returned = false;
  const auto write_and_wait = [&]() -> asio::awaitable<void> {
    ReadByPeer read(*stage.ours, stage.options);
    (void)co_await stage.ours->write(ws::as_octets("x"));
    co_await read.wait([] { return false; });
    returned = true;
  };
  asio::co_spawn(stage.context, write_and_wait(), asio::detached);
  stage.context.run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(returned);
  const auto take = [&]() -> asio::awaitable<void> {
    ws::Bytes into(8);
    (void)co_await stage.theirs->read_some(into);
  };
  asio::co_spawn(stage.context, take(), asio::detached);
  stage.context.run();
  EXPECT_TRUE(returned);
}

TEST(ReadByPeer, WaitsForAPeerThatNeverReadsOnlyOnce) {
  Stage stage;
  stage.options.timeout = std::chrono::milliseconds(20);
  const auto write_and_wait = [&]() -> asio::awaitable<void> {
    ReadByPeer read(*stage.ours, stage.options);
    (void)co_await stage.ours->write(ws::as_octets("x"));
    for (int i = 0; i < 1000; ++i) co_await read.wait([] { return false; });
  };
  asio::co_spawn(stage.context, write_and_wait(), asio::detached);
  const auto start = std::chrono::steady_clock::now();
  stage.context.run();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(20));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(ReadByPeer, DoesNotWaitWhenItMakesNoDifference) {
  Stage stage;
  const auto write_and_wait = [&]() -> asio::awaitable<void> {
    ReadByPeer read(*stage.ours, stage.options);
    (void)co_await stage.ours->write(ws::as_octets("x"));
    co_await read.wait([] { return true; });
  };
  asio::co_spawn(stage.context, write_and_wait(), asio::detached);
  stage.context.run();  // without an end, were it to wait
}

}  // namespace
}  // namespace touchstone
