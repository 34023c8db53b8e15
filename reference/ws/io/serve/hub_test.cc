// Broadcasts reach all, in order, and slow members hold up nobody.
#include <ws/io/serve/hub.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

std::shared_ptr<const PreparedMessage> prepared(const std::string& text) {
  return std::make_shared<const PreparedMessage>(*PreparedMessage::text(text));
}

// Members of a hub and the clients on their other sides.
struct Room {
  std::vector<std::shared_ptr<WebSocket>> members;
  std::vector<std::unique_ptr<WebSocket>> clients;
};

asio::awaitable<Room> room_of(Hub& hub, int count) {
  Room room;
  for (int i = 0; i < count; ++i) {
    ConnectOptions connecting;
    if (i % 2 == 1) connecting.connection.deflate_offer.reset();
    Sockets s = co_await opened(i % 3 == 2, connecting);
    room.members.push_back(std::make_shared<WebSocket>(std::move(*s.server)));
    room.clients.push_back(std::make_unique<WebSocket>(std::move(*s.client)));
    hub.join(room.members.back());
  }
  co_return std::move(room);
}

TEST(Hub, EveryMemberGetsEveryMessageInOrder) {
  run([]() -> asio::awaitable<void> {
    Hub hub(co_await asio::this_coro::executor, HubOptions());
    Room room = co_await room_of(hub, 12);
    EXPECT_EQ(hub.size(), 12u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(hub.broadcast(prepared("news " + std::to_string(i))), 12u);
    EXPECT_FALSE(co_await hub.drain());
    for (const auto& client : room.clients)
      for (int i = 0; i < 20; ++i) EXPECT_EQ(text_of(co_await client->read()), "news " + std::to_string(i));
    EXPECT_EQ(hub.skipped() + hub.dropped(), 0u);
  });
}

TEST(Hub, TheSenderCanBeLeftOut) {
  run([]() -> asio::awaitable<void> {
    Hub hub(co_await asio::this_coro::executor, HubOptions());
    Room room = co_await room_of(hub, 3);
    EXPECT_EQ(hub.broadcast(prepared("from 0"), room.members[0].get()), 2u);
    EXPECT_EQ(hub.broadcast(prepared("to all")), 3u);
    EXPECT_EQ(text_of(co_await room.clients[0]->read()), "to all");
    EXPECT_EQ(text_of(co_await room.clients[1]->read()), "from 0");
    EXPECT_EQ(text_of(co_await room.clients[1]->read()), "to all");
  });
}

TEST(Hub, WhoLeavesOrEndsIsForgotten) {
  run([]() -> asio::awaitable<void> {
    Hub hub(co_await asio::this_coro::executor, HubOptions());
    Room room = co_await room_of(hub, 3);
    hub.leave(*room.members[0]);
    hub.leave(*room.members[0]);
    EXPECT_EQ(hub.broadcast(prepared("a")), 2u);
    EXPECT_FALSE(co_await room.members[0]->write_text("still connected"));
    EXPECT_EQ(text_of(co_await room.clients[0]->read()), "still connected");
    room.members[1]->drop();
    EXPECT_FALSE(room.members[2]->close_read());
    room.clients[2]->drop();
    co_await yield_often();
    EXPECT_EQ(hub.size(), 0u);
    EXPECT_EQ(hub.broadcast(prepared("b")), 0u);
    EXPECT_EQ(room.members[1].use_count(), 1) << "the hub keeps nobody";
  });
}

// One member reads nothing, so that its queue fills while the other follows; gives how many messages that took.
asio::awaitable<int> overrun(Hub& hub, Room& room, const std::function<bool()>& done) {
  const auto message =
      std::make_shared<const PreparedMessage>(PreparedMessage::binary(Bytes(200'000), {.deflate = false}));
  int sent = 0;
  while (!done()) {
    (void)hub.broadcast(message);
    ++sent;
    const auto received = co_await room.clients[0]->read();
    EXPECT_TRUE(received && std::holds_alternative<event::Binary>(*received));
  }
  co_return sent;
}

TEST(Hub, ASlowMemberIsDropped) {
  run([]() -> asio::awaitable<void> {
    const HubOptions options{.queue = 4};
    Hub hub(co_await asio::this_coro::executor, options);
    Room room = co_await room_of(hub, 2);
    const int sent = co_await overrun(hub, room, [&] { return hub.size() == 1; });
    EXPECT_GT(sent, 4);
    EXPECT_EQ(hub.dropped(), 1u);
    EXPECT_EQ(text_of(co_await room.members[1]->read()).substr(0, 10), "ended 1006");
  });
}

TEST(Hub, OrGoesWithoutWhatItHadNoRoomFor) {
  run([]() -> asio::awaitable<void> {
    const HubOptions options{.queue = 4, .slow = SlowMember::skip};
    Hub hub(co_await asio::this_coro::executor, options);
    Room room = co_await room_of(hub, 2);
    const int sent = co_await overrun(hub, room, [&] { return hub.skipped() == 3; });
    EXPECT_EQ(hub.size(), 2u);
    EXPECT_EQ(co_await hub.drain(milliseconds(1)), asio::error::timed_out);
    // It reads again: what waited comes, and it is served as before.
    for (int i = 0; i < sent - 3; ++i) {
      const auto received = co_await room.clients[1]->read();
      EXPECT_TRUE(received && std::holds_alternative<event::Binary>(*received));
    }
    EXPECT_FALSE(co_await hub.drain());
    EXPECT_EQ(hub.broadcast(prepared("welcome back")), 2u);
    EXPECT_EQ(text_of(co_await room.clients[1]->read()), "welcome back");
    EXPECT_EQ(hub.dropped(), 0u);
  });
}

TEST(Hub, MayGoBeforeItsMembers) {
  run([]() -> asio::awaitable<void> {
    std::optional<Room> room;
    {
      Hub hub(co_await asio::this_coro::executor, HubOptions());
      room = co_await room_of(hub, 2);
      (void)hub.broadcast(prepared("last"));
    }
    EXPECT_FALSE(co_await room->members[0]->write_text("by itself"));
    EXPECT_EQ(room->members[1].use_count(), 1);
  });
}

}  // namespace
}  // namespace ws::io
