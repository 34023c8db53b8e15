// Whatever the application does in a function that it gave to a connection or a server - it throws, drops, closes,
// destroys the connection, the server, or the function itself - nothing is used after its end, and nobody else's
// connection suffers. Under AddressSanitizer this test is what it is for.
#include <ws/io/serve/hub.h>
#include <ws/io/serve/reconnect.h>
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

#include <asio/detached.hpp>
#include <stdexcept>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;

constexpr milliseconds kSoon{30'000};  // only a failing test waits so long

// ---- The fast way ----

struct FastScene {
  std::unique_ptr<DirectSockets> sockets;
  std::vector<Connection> taken;
};

// What is done in a function of DirectSockets, with the connection that it was called for, if that is not over.
struct FastDeed {
  const char* name;
  std::function<void(FastScene&, Connection*)> act;
  std::string own;     // what the client sees for whose message it was done
  std::string others;  // what the other clients see
};

const std::vector<FastDeed> kFastDeeds = {
    {"throws", [](FastScene&, Connection*) { throw std::runtime_error("as wished"); }, "ended 1011  clean", "hello"},
    {"throws what is no exception", [](FastScene&, Connection*) { throw 7; }, "ended 1011  clean", "hello"},
    {"closes its connection",
     [](FastScene&, Connection* c) {
       if (c != nullptr) (void)c->submit(command::Close{CloseReason{4000, {}}});
     },
     "ended 4000  clean", "hello"},
    {"moves its connection away",
     [](FastScene& scene, Connection* c) {
       if (c != nullptr) scene.taken.push_back(std::move(*c));
     },
     "ended 1006 ", "hello"},
    {"closes all", [](FastScene& scene, Connection*) { scene.sockets->close(4001, "all"); }, "ended 4001 all clean",
     "ended 4001 all clean"},
    {"drops all", [](FastScene& scene, Connection*) { scene.sockets->drop(); }, "ended 1006 ", "ended 1006 "},
    {"closes and drops all",
     [](FastScene& scene, Connection*) {
       scene.sockets->close(4001, "all");
       scene.sockets->drop();
     },
     "ended", "ended"},
    {"drops all and throws",
     [](FastScene& scene, Connection*) {
       scene.sockets->drop();
       throw std::runtime_error("as wished");
     },
     "ended 1006 ", "ended 1006 "},
    {"destroys all", [](FastScene& scene, Connection*) { scene.sockets.reset(); }, "ended 1006 ", "ended 1006 "},
};

// Three clients on the fast way, of which the first makes `deed` happen.
asio::awaitable<void> torture_fast_way(const FastDeed& deed, bool on_end) {
  const auto executor = co_await asio::this_coro::executor;
  FastScene scene;
  bool due = false;
  const auto act = [&, keeps = std::string(1000, 'k')](Connection* connection) {
    if (!std::exchange(due, false)) return false;
    const std::size_t size = keeps.size();
    deed.act(scene, connection);
    EXPECT_EQ(keeps.size(), size);  // this function is still there
    return true;
  };
  scene.sockets = std::make_unique<DirectSockets>(
      executor,
      [=](Connection& connection, const MessageView& message) {
        if (on_end || !act(&connection)) (void)connection.submit(command::Text{as_text(message.data)});
      },
      [=] {
        if (on_end) (void)act(nullptr);
      });
  std::vector<WebSocket> clients;
  for (int i = 0; i < 3; ++i) {
    Sockets pair = co_await opened(false);
    EXPECT_TRUE(co_await scene.sockets->adopt(*pair.server));
    clients.push_back(std::move(*pair.client));
  }
  due = true;
  if (on_end) clients.front().drop();
  // All at once, so that they are served in one batch; the first two messages of a client come in one read.
  for (WebSocket& client : clients) {
    for (int i = 0; i < 2; ++i) (void)client.queue(command::Text{"hello"});
  }
  for (std::size_t i = on_end ? 1 : 0; i < clients.size(); ++i) {
    const std::string seen = text_of(co_await clients[i].read(kSoon));
    const std::string& expected = i == 0 ? deed.own : deed.others;
    EXPECT_TRUE(seen.starts_with(expected)) << deed.name << ", client " << i << " saw: " << seen;
  }
  clients.clear();
  co_await yield_often();
}

TEST(Torture, TheFastWayOutlivesWhatIsDoneInItsFunctions) {
  for (const FastDeed& deed : kFastDeeds) {
    for (const bool on_end : {false, true}) {
      SCOPED_TRACE(deed.name);
      run([&] { return torture_fast_way(deed, on_end); });
    }
  }
}

// ---- A service, a connection and its hooks ----

enum class Place : std::uint8_t { answer, handler, ping, pong, direct };

struct Scene {
  asio::any_io_executor executor;
  std::unique_ptr<Service> service;
  std::shared_ptr<WebSocket> socket;  // of the server, for which it is done
  Place place = Place::handler;
  bool due = false;
  std::function<void(Scene&)> deed;

  void act() {
    [[maybe_unused]] const std::string keeps(1000, 'k');
    if (std::exchange(due, false)) deed(*this);
  }
};

struct Deed {
  const char* name;
  bool local;  // other connections go on
  std::function<void(Scene&)> act;
};

const std::vector<Deed> kDeeds = {
    {"throws", true, [](Scene&) { throw std::runtime_error("as wished"); }},
    {"drops its connection", true,
     [](Scene& s) {
       if (s.socket) s.socket->drop();
     }},
    {"queues a Close", true,
     [](Scene& s) {
       if (s.socket) (void)s.socket->queue(command::Close{});
     }},
    {"closes its connection and lets go of it", true,
     [](Scene& s) {
       if (s.socket) asio::co_spawn(s.executor, s.socket->close(), asio::detached);
       s.socket.reset();
     }},
    {"lets go of its connection", true, [](Scene& s) { s.socket.reset(); }},
    {"reads on", true,
     [](Scene& s) {
       if (s.socket) (void)s.socket->next();
     }},
    {"puts other hooks in the place of its own", true,
     [](Scene& s) {
       if (!s.socket) return;
       s.socket->on_ping(nullptr);
       s.socket->on_pong([](ByteView) {});
     }},
    {"stops the service", false, [](Scene& s) { asio::co_spawn(s.executor, s.service->stop(), asio::detached); }},
    {"destroys the service", false, [](Scene& s) { s.service.reset(); }},
    {"stops and destroys the service, and throws", false,
     [](Scene& s) {
       asio::co_spawn(s.executor, s.service->stop(), asio::detached);
       s.service.reset();
       throw std::runtime_error("as wished");
     }},
};

std::unique_ptr<Service> start(Scene& scene) {
  ServiceOptions options;
  options.accept.answer = [&scene](const RequestHead&) -> asio::awaitable<Answer> {
    if (scene.place == Place::answer) scene.act();
    co_return Answer();
  };
  if (scene.place == Place::direct) {
    options.direct = [&scene](Connection& connection, const MessageView& message) {
      scene.act();
      (void)connection.submit(command::Text{as_text(message.data)});
    };
  }
  auto service =
      Service::start(scene.executor, options, [&scene](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
        if (scene.due) {
          scene.socket = socket;
          socket->on_ping([&scene](ByteView) {
            if (scene.place == Place::ping) scene.act();
          });
          socket->on_pong([&scene](ByteView) {
            if (scene.place == Place::pong) scene.act();
          });
          if (scene.place == Place::handler) scene.act();
        }
        while (true) {
          auto received = co_await socket->read();
          auto* const text = received ? std::get_if<event::Text>(&*received) : nullptr;
          if (text == nullptr || co_await socket->write_text(std::move(text->data))) co_return;
        }
      });
  return std::move(*service);
}

asio::awaitable<void> torture_service(const Deed& deed, Place place) {
  Scene scene;
  scene.executor = co_await asio::this_coro::executor;
  scene.deed = deed.act;
  scene.place = place;
  scene.service = start(scene);
  const Url url("127.0.0.1", scene.service->port());
  auto bystander = co_await connect(url);
  CO_REQUIRE(bystander);
  scene.due = true;
  auto client = co_await connect(url);
  if (client) {
    (void)client->queue(command::Ping{});
    (void)client->queue(command::Pong{});
    (void)client->queue(command::Text{"hello"});
    (void)client->queue(command::Close{});
    while (true) {
      const auto received = co_await client->read(kSoon);
      EXPECT_TRUE(received) << deed.name << ": no end";
      if (!received || std::holds_alternative<Ended>(*received)) break;
    }
  }
  EXPECT_FALSE(scene.due) << deed.name << " was not done";
  (void)bystander->queue(command::Text{"still there?"});
  const std::string seen = text_of(co_await bystander->read(kSoon));
  if (deed.local) {
    EXPECT_EQ(seen, "still there?") << deed.name;
  } else {
    EXPECT_TRUE(seen.starts_with("ended") || seen == "still there?") << deed.name << ": " << seen;
  }
  bystander->drop();
  scene.socket.reset();
  if (scene.service) (void)co_await scene.service->stop();
}

TEST(Torture, AServiceOutlivesWhatIsDoneInItsFunctions) {
  for (const Deed& deed : kDeeds) {
    for (const Place place : {Place::answer, Place::handler, Place::ping, Place::pong, Place::direct}) {
      SCOPED_TRACE(deed.name);
      run([&] { return torture_service(deed, place); });
    }
  }
}

// A hook that is called while no operation of the application's is under way: by close_read(), by next(), by a timer.
TEST(Torture, AHookThatThrowsInTheBackgroundEndsItsConnectionWith1011) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    s.server->on_ping([](ByteView) { throw std::runtime_error("as wished"); });
    EXPECT_FALSE(s.server->close_read());
    (void)s.client->queue(command::Ping{});
    EXPECT_EQ(text_of(co_await s.client->read(kSoon)), "ended 1011  clean");
  });
}

TEST(Torture, AHookMayDestroyTheConnectionWithinNext) {
  run([]() -> asio::awaitable<void> {
    Sockets s = co_await opened(false);
    s.server->on_ping([&](ByteView) { s.server.reset(); });
    (void)s.client->queue(command::Ping{});
    while (s.server && !s.server->next()) co_await yield_often(1);
    EXPECT_FALSE(s.server);
    EXPECT_EQ(text_of(co_await s.client->read(kSoon)), "ended 1006 ");
  });
}

// An operation belongs to the connection: its handle may be gone before it begins.
TEST(Torture, AnOperationThatWasStartedDoesNotNeedItsHandle) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Sockets s = co_await opened(false);
    std::vector<std::function<void()>> starts;
    const auto later = [&](auto operation) {
      const auto kept = std::make_shared<decltype(operation)>(std::move(operation));
      starts.emplace_back([=] { asio::co_spawn(executor, std::move(*kept), asio::detached); });
    };
    later(s.server->read());
    later(s.server->read_piece());
    later(s.server->write_text("late"));
    later(s.server->write_binary(Bytes(3)));
    later(s.server->drain());
    later(s.server->ping());
    later(s.server->close());
    later(s.server->wait_ended());
    s.server.reset();
    for (const auto& start : starts) start();
    EXPECT_EQ(text_of(co_await s.client->read(kSoon)), "ended 1006 ");
  });
}

// ---- Those who connect again ----

TEST(Torture, WhatConnectingAgainCallsMayThrow) {
  run([]() -> asio::awaitable<void> {
    const Url nowhere("127.0.0.1", 1);
    const auto thrown = [&](const ReconnectOptions& again) -> asio::awaitable<std::string> {
      const ConnectOptions options;
      try {
        (void)co_await connect_patiently(nowhere, options, again);
      } catch (const std::runtime_error& e) {
        co_return e.what();
      }
      co_return "nothing";
    };
    ReconnectOptions quick;
    quick.sleep = [](milliseconds) -> asio::awaitable<std::error_code> { co_return std::error_code(); };
    for (int which = 0; which < 4; ++which) {
      ReconnectOptions again = quick;
      if (which == 0) again.retry = [](const OpenError&) -> bool { throw std::runtime_error("thrown"); };
      if (which == 1) again.on_failure = [](const OpenError&, milliseconds) { throw std::runtime_error("thrown"); };
      if (which == 2) again.random = []() -> double { throw std::runtime_error("thrown"); };
      if (which == 3)
        again.sleep = [](milliseconds) -> asio::awaitable<std::error_code> { throw std::runtime_error("thrown"); };
      EXPECT_EQ(co_await thrown(again), "thrown") << which;
    }
  });
}

// ---- A handler that has ended, and a connection that has not ----

// A hub keeps it: its Pings are answered, a message is one too many, and stop() ends it.
TEST(HandedOver, AHubsMemberIsLookedAfter) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    Hub hub(executor, {});
    auto service = Service::start(executor, {}, [&](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      hub.join(std::move(socket));
      co_return;
    });
    CO_REQUIRE(service);
    const Url url("127.0.0.1", (*service)->port());
    auto quiet = co_await connect(url), talker = co_await connect(url);
    CO_REQUIRE(quiet && talker);
    EXPECT_TRUE(co_await quiet->ping(kSoon));
    while (hub.size() < 2) co_await yield_often(1);
    EXPECT_EQ(hub.broadcast(std::make_shared<const PreparedMessage>(*PreparedMessage::text("news"))), 2u);
    EXPECT_EQ(text_of(co_await quiet->read(kSoon)), "news");
    EXPECT_EQ(text_of(co_await talker->read(kSoon)), "news");
    EXPECT_FALSE(co_await talker->write_text("hello?"));
    EXPECT_EQ(text_of(co_await talker->read(kSoon)), "ended 1008 this endpoint takes no messages clean");
    while ((*service)->connections() > 1) co_await yield_often(1);
    Task stopping(executor, [&]() -> asio::awaitable<void> {
      const Stopped stopped = co_await (*service)->stop();
      EXPECT_EQ(stopped.closed, 1u);
      EXPECT_EQ(stopped.dropped, 0u);
    });
    EXPECT_EQ(text_of(co_await quiet->read(kSoon)), "ended 1001 the server stops clean");
    co_await stopping.join();
    EXPECT_EQ(hub.size(), 0u);
  });
}

// Somebody who reads later gets every message, and the Pings before them were answered.
TEST(HandedOver, AnotherCoroutineGoesOnReading) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    std::shared_ptr<WebSocket> kept;
    auto service = Service::start(executor, {}, [&](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      kept = std::move(socket);
      co_return;
    });
    CO_REQUIRE(service);
    auto client = co_await connect(Url("127.0.0.1", (*service)->port()));
    CO_REQUIRE(client);
    EXPECT_TRUE(co_await client->ping(kSoon));
    EXPECT_FALSE(co_await client->write_text("one"));
    EXPECT_FALSE(co_await client->write_text("two"));
    co_await yield_often();
    EXPECT_EQ(text_of(co_await kept->read(kSoon)), "one");
    EXPECT_EQ(text_of(co_await kept->read(kSoon)), "two");
    EXPECT_FALSE(co_await kept->write_text("three"));
    EXPECT_EQ(text_of(co_await client->read(kSoon)), "three");
    kept.reset();  // the last one: as drop()
    EXPECT_EQ(text_of(co_await client->read(kSoon)), "ended 1006 ");
    while ((*service)->connections() > 0) co_await yield_often(1);
    (void)co_await (*service)->stop();
  });
}

}  // namespace
}  // namespace ws::io
