// A chat hub and its tests: what one member says reaches the others, and a member that does not read holds up nobody.
// The connections are in memory (ws/testing/pipe.h), so that the test decides which of them stalls, and when.
#include <gtest/gtest.h>
#include <ws/io/serve/hub.h>
#include <ws/testing/matchers.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>

#include <deque>

namespace {

using namespace ws::testing;
using Socket = std::shared_ptr<ws::io::WebSocket>;

// The chat: one member's messages to all others, for as long as he stays.
asio::awaitable<void> chat(ws::io::Hub& hub, Socket member) {
  hub.join(member);
  while (auto received = co_await member->read()) {
    const auto* said = std::get_if<ws::event::Text>(&*received);
    if (said == nullptr) co_return;  // he has gone
    auto message = ws::PreparedMessage::text(said->data);
    hub.broadcast(std::make_shared<const ws::PreparedMessage>(std::move(*message)), member.get());
  }
}

class Room : public testing::Test {
 protected:
  // A client who entered the room: one end of a pipe whose other end is in the chat.
  asio::awaitable<Socket> enter() {
    const auto executor = co_await asio::this_coro::executor;
    if (!hub) hub.emplace(executor, ws::io::HubOptions());
    Pipe& pipe = pipes.emplace_back(executor);
    spawn(executor, [this, &pipe] { return serve(pipe); });
    const auto url = ws::parse_url("ws://chat.test/");
    ws::io::ConnectOptions options;
    options.connection.deflate_offer.reset();  // so that the octets under way are those that were written
    auto socket = co_await ws::io::connect(std::move(pipe.client), *url, options);
    co_return std::make_shared<ws::io::WebSocket>(std::move(*socket));
  }

  asio::awaitable<void> serve(Pipe& pipe) {
    const ws::io::AcceptOptions options;
    auto socket = co_await ws::io::accept(std::move(pipe.server), options);
    if (socket) co_await chat(*hub, std::make_shared<ws::io::WebSocket>(std::move(*socket)));
  }

  std::optional<ws::io::Hub> hub;
  std::deque<Pipe> pipes;
};

TEST_F(Room, WhatOneSaysReachesTheOthers) {
  run([this]() -> asio::awaitable<void> {
    const Socket anna = co_await enter(), bert = co_await enter(), cleo = co_await enter();
    (void)co_await anna->write_text("hello");
    EXPECT_THAT(co_await bert->read(), Echoes("hello"));
    EXPECT_THAT(co_await cleo->read(), Echoes("hello"));
    (void)co_await bert->write_text("hello, Anna");
    EXPECT_THAT(co_await anna->read(), Echoes("hello, Anna")) << "and not her own words";
    EXPECT_THAT(co_await bert->close(), ClosesWith(1000));
    EXPECT_THAT(co_await cleo->read(), Echoes("hello, Anna"));
  });
}

TEST_F(Room, WhoDoesNotReadHoldsUpNobody) {
  run([this]() -> asio::awaitable<void> {
    const Socket anna = co_await enter(), bert = co_await enter(), cleo = co_await enter();
    pipes[1].to_client.stall();  // Bert's
    for (int i = 0; i < 200; ++i) {
      (void)co_await anna->write_text(std::string(4000, 'a'));
      EXPECT_THAT(co_await cleo->read(), Echoes(std::string(4000, 'a')));
    }
    EXPECT_EQ(hub->dropped(), 1U);
    EXPECT_EQ(hub->size(), 2U);
  });
}

}  // namespace
