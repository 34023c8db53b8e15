// A service in a real program: who is there and logged in, what the log and the counters say, limits, another
// certificate.
#include <ws/io/net/stream_socket.h>
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

#include <asio/ip/tcp.hpp>
#include <stdexcept>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

asio::awaitable<void> echo_all(std::shared_ptr<WebSocket> socket) {
  while (true) {
    auto received = co_await socket->read();
    auto* const text = received ? std::get_if<event::Text>(&*received) : nullptr;
    if (text == nullptr || co_await socket->write_text(std::move(text->data))) co_return;
  }
}

std::unique_ptr<Service> living(const asio::any_io_executor& executor, ServiceOptions options,
                                Handler handler = echo_all) {
  auto service = Service::start(executor, std::move(options), std::move(handler));
  if (!service) throw std::runtime_error(service.error());
  return std::move(*service);
}

Url url_of(const Service& service, bool secure = false) {
  return *parse_url((secure ? "wss://localhost:" : "ws://localhost:") + std::to_string(service.port()) + "/");
}

// ---- Who is there ----

struct User {
  std::string name;
};

TEST(Living, TheAnswerHookSaysWhoIsLoggedIn) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    ServiceOptions options;
    options.accept.answer = [](const Asking& asking) -> asio::awaitable<Answer> {
      EXPECT_EQ(asking.peer.address, "127.0.0.1");
      EXPECT_NE(asking.peer.port, 0);
      EXPECT_FALSE(asking.secure);
      EXPECT_FALSE(asking.certificate);
      const Field* const token = find_field(asking.request.fields, "Authorization");
      if (token == nullptr) co_return Answer{.status = 401};
      co_return Answer{.value = User{token->value}};
    };
    const auto service = living(executor, options, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      const User* const user = socket->value<User>();
      EXPECT_EQ(socket->value<int>(), nullptr);
      const std::string greeting = user != nullptr ? user->name : "nobody";
      (void)co_await socket->write_text(greeting);
      EXPECT_EQ(socket->stream().peer_address().address, "127.0.0.1");
      (void)co_await socket->read();
    });
    ConnectOptions connecting;
    connecting.extra_fields = {{"Authorization", "anna"}};
    auto client = co_await connect(Url("127.0.0.1", service->port()), connecting);
    CO_REQUIRE(client);
    EXPECT_EQ(text_of(co_await client->read()), "anna");
    auto stranger = co_await connect(Url("127.0.0.1", service->port()));
    CO_REQUIRE(!stranger);
    EXPECT_EQ(stranger.error().rejected->status, 401);
    client->drop();
    (void)co_await service->stop();
  });
}

TEST(Living, TheAnswerHookSeesTheClientsCertificate) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const Identity anna = self_signed("anna.example");
    const TemporaryFile file(anna.certificate_pem + anna.private_key_pem);
    ServiceOptions options;
    options.listen.tls = server_tls();
    options.listen.tls->client_ca_pem = anna.certificate_pem;
    options.accept.answer = [&anna](const Asking& asking) -> asio::awaitable<Answer> {
      EXPECT_TRUE(asking.secure);
      if (!asking.certificate) co_return Answer{.status = 403};
      const Certificate& shown = *asking.certificate;
      EXPECT_EQ(shown.pem, anna.certificate_pem);
      EXPECT_THAT(shown.sha256, SizeIs(64));
      EXPECT_THAT(shown.subject, HasSubstr("CN=anna.example"));
      EXPECT_THAT(shown.alternative_names, testing::Contains("DNS:anna.example"));
      co_return Answer{.value = shown.common_name};
    };
    const auto service = living(executor, options, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      const auto* const name = socket->value<std::string>();
      const std::string greeting = name != nullptr ? *name : "?";
      (void)co_await socket->write_text(greeting);
      (void)co_await socket->read();
    });
    ConnectOptions connecting;
    connecting.tls = trusting();
    connecting.tls.certificate_file = file.path;
    auto client = co_await connect(url_of(*service, true), connecting);
    if (!client) ADD_FAILURE() << client.error().text;
    CO_REQUIRE(client);
    EXPECT_EQ(text_of(co_await client->read()), "anna.example");
    client->drop();
    (void)co_await service->stop();
  });
}

// ---- The log ----

TEST(Living, WhatGoesWrongIsTold) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<std::string> openings, exceptions;
    ServiceOptions options;
    options.on_failed_opening = [&](const OpenError& error) {
      openings.push_back(error.text);
      EXPECT_EQ(error.address, "127.0.0.1");
      throw std::runtime_error("is lost");
    };
    options.on_exception = [&](std::exception_ptr thrown, const std::string& peer) {
      EXPECT_THAT(peer, HasSubstr("127.0.0.1 port "));
      try {
        std::rethrow_exception(std::move(thrown));
      } catch (const std::exception& e) {
        exceptions.emplace_back(e.what());
      }
      throw std::runtime_error("is lost");
    };
    options.accept.answer = [](const Asking& asking) -> asio::awaitable<Answer> {
      if (asking.request.target == "/throw") throw std::runtime_error("of the answer");
      co_return Answer{.status = asking.request.target == "/no" ? 403 : 101};
    };
    const auto service = living(executor, options, [](std::shared_ptr<WebSocket>) -> asio::awaitable<void> {
      throw std::runtime_error("of the handler");
      co_return;
    });
    DialOptions dialing;
    dialing.host = "127.0.0.1";
    dialing.port = service->port();
    auto broken = co_await dial(dialing);
    CO_REQUIRE(broken);
    (void)co_await (*broken)->write(as_octets("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    (void)co_await read_all(**broken);
    (*broken)->close();
    EXPECT_FALSE(co_await connect(Url("127.0.0.1", service->port(), "/no")));
    EXPECT_FALSE(co_await connect(Url("127.0.0.1", service->port(), "/throw")));
    auto client = co_await connect(Url("127.0.0.1", service->port()));
    CO_REQUIRE(client);
    EXPECT_EQ(text_of(co_await client->read(kPatience)), "ended 1011  clean");
    while (service->connections() != 0) co_await yield_often(1);
    EXPECT_THAT(openings, ElementsAre(HasSubstr("Upgrade"), HasSubstr("we refused with status 403")));
    EXPECT_THAT(exceptions, ElementsAre("of the answer", "of the handler"));
    const ServiceCounters counters = service->counters();
    EXPECT_EQ(counters.accepted, 4u);
    EXPECT_EQ(counters.opened, 1u);
    EXPECT_EQ(counters.refused, 1u);
    EXPECT_EQ(counters.failed, 1u);
    EXPECT_EQ(counters.exceptions, 2u);
    (void)co_await service->stop();
  });
}

// ---- Counters ----

// Both ways of serving count the same; the octets are those of RFC 6455 5.2, told by hand.
TEST(Living, MessagesAndOctetsAreCounted) {
  for (const bool fast : {false, true}) {
    run([fast]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      ServiceOptions options;
      options.accept.connection.deflate_preference.reset();
      if (fast)
        options.direct = [](Connection& c, const MessageView& m) { (void)c.submit(command::Text{as_text(m.data)}); };
      const auto service = living(executor, options);
      auto client = co_await connect(Url("127.0.0.1", service->port()));
      CO_REQUIRE(client);
      const Account before = service->counters().traffic;
      for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(co_await client->write_text("hello"));
        EXPECT_EQ(text_of(co_await client->read(kPatience)), "hello");
      }
      co_await yield_often();
      const Account after = service->counters().traffic;
      EXPECT_EQ(after.messages_received - before.messages_received, 3u) << fast;
      EXPECT_EQ(after.octets_received - before.octets_received, 3u * (2 + 4 + 5)) << fast;
      EXPECT_EQ(after.octets_sent, before.octets_sent + (3u * (2 + 5))) << fast;
      EXPECT_EQ(after.messages_sent, fast ? 0u : 3u);
      EXPECT_EQ(after.kept, 0u);
      client->drop();
      (void)co_await service->stop();
    });
  }
}

// ---- Limits ----

asio::awaitable<std::expected<WebSocket, OpenError>> connect_from(const char* address, const Service& service) {
  asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
  socket.open(asio::ip::tcp::v4());
  socket.bind({asio::ip::make_address(address), 0});
  socket.connect({asio::ip::make_address("127.0.0.1"), service.port()});
  const Url url("127.0.0.1", service.port());
  co_return co_await connect(std::make_unique<SocketStream>(std::move(socket)), url);
}

TEST(Living, OneAddressHasItsShareOnly) {
  for (const bool fast : {false, true}) {
    run([fast]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      ServiceOptions options;
      options.max_per_address = 2;
      if (fast)
        options.direct = [](Connection& c, const MessageView& m) { (void)c.submit(command::Text{as_text(m.data)}); };
      const auto service = living(executor, options);
      auto first = co_await connect_from("127.0.0.1", *service), second = co_await connect_from("127.0.0.1", *service);
      CO_REQUIRE(first && second);
      EXPECT_FALSE(co_await connect_from("127.0.0.1", *service));
      EXPECT_TRUE(co_await connect_from("127.0.0.2", *service));
      EXPECT_EQ(service->counters().refused_by_address, 1u);
      EXPECT_TRUE(co_await first->close());
      while (service->connections() > 1) co_await yield_often(1);
      EXPECT_TRUE(co_await connect_from("127.0.0.1", *service));
      (void)co_await service->stop();
    });
  }
}

TEST(Living, AllConnectionsTogetherKeepSoMuchOnly) {
  for (const bool fast : {false, true}) {
    run([fast]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      ServiceOptions options;
      options.max_memory = 300 * 1024;
      options.accept.connection.deflate_preference.reset();
      if (fast)
        options.direct = [](Connection& c, const MessageView& m) { (void)c.submit(command::Text{as_text(m.data)}); };
      const auto service = living(executor, options);
      const auto account = [&] { return service->counters().traffic; };
      auto holder = co_await connect(Url("127.0.0.1", service->port()));
      auto greedy = co_await connect(Url("127.0.0.1", service->port()));
      auto small = co_await connect(Url("127.0.0.1", service->port()));
      CO_REQUIRE(holder && greedy && small);
      const Bytes part(100 * 1024, std::byte{'a'});
      auto held = co_await holder->start_text();
      CO_REQUIRE(held);
      EXPECT_FALSE(co_await held->write(part));
      while (account().kept < 64 * 1024) co_await yield_often(1);
      auto more = co_await greedy->start_text();
      CO_REQUIRE(more);
      for (int i = 0; i < 10; ++i) (void)co_await more->write(part);
      EXPECT_EQ(text_of(co_await greedy->read(kPatience)).substr(0, 10), "ended 1013") << fast;
      EXPECT_LT(account().kept, 1024u * 1024);
      EXPECT_FALSE(co_await small->write_text("hello"));
      EXPECT_EQ(text_of(co_await small->read(kPatience)), "hello") << "small messages have their own room";
      greedy->drop();
      EXPECT_FALSE(co_await held->finish(as_octets("b")));
      EXPECT_EQ(text_of(co_await holder->read(kPatience)).size(), part.size() + 1);
      EXPECT_EQ(account().out_of_memory, 1u);
      holder->drop();
      small->drop();
      while (service->connections() != 0) co_await yield_often(1);
      EXPECT_EQ(account().kept, 0u);
      (void)co_await service->stop();
    });
  }
}

// A client that is there, but deaf: it does not even answer a Ping.
TEST(Living, WhoSaysNothingIsDropped) {
  for (const bool fast : {false, true}) {
    run([fast]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      ServiceOptions options;
      options.idle = milliseconds(160);
      if (fast)
        options.direct = [](Connection& c, const MessageView& m) { (void)c.submit(command::Text{as_text(m.data)}); };
      const auto service = living(executor, options);
      auto quiet = co_await connect(Url("127.0.0.1", service->port()));
      CO_REQUIRE(quiet);
      int pings = 0;
      quiet->on_ping([&](ByteView) { ++pings; });
      Task listening(executor, [&]() -> asio::awaitable<void> {
        EXPECT_EQ(text_of(co_await quiet->read(kPatience)), "still there?");
      });
      auto deaf = co_await dial([&] {
        DialOptions dialing;
        dialing.host = "127.0.0.1";
        dialing.port = service->port();
        return dialing;
      }());
      CO_REQUIRE(deaf);
      (void)co_await (*deaf)->write(
          as_octets("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"));
      const std::string seen = (co_await read_all(**deaf)).text;
      EXPECT_TRUE(seen.ends_with(std::string("\r\n\r\n\x89\0", 6))) << "a Ping, and then the end: " << seen;
      EXPECT_GE(pings, 1);
      EXPECT_EQ(service->counters().idle_dropped, 1u);
      EXPECT_FALSE(co_await quiet->write_text("still there?"));
      co_await listening.join();
      quiet->drop();
      (void)co_await service->stop();
    });
  }
}

TEST(Living, AnApplicationThatDoesNotReadBlamesNobody) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    ServiceOptions options;
    options.idle = milliseconds(20);
    Signal go_on(executor);
    const auto service = living(executor, options, [&](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void> {
      (void)co_await go_on.wait(deadline_after(milliseconds(200)));  // busy with something else
      (void)co_await socket->write_text("now");
      (void)co_await socket->read();
    });
    auto client = co_await connect(Url("127.0.0.1", service->port()));
    CO_REQUIRE(client);
    EXPECT_EQ(text_of(co_await client->read(kPatience)), "now");
    client->drop();
    (void)co_await service->stop();
  });
}

// ---- Another certificate ----

TEST(Living, TheCertificateIsReplacedWhileConnectionsGoOn) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const Identity next = self_signed("localhost");
    std::vector<std::string> failed;
    ServiceOptions options;
    options.listen.tls = server_tls();
    options.on_failed_opening = [&](const OpenError& error) { failed.push_back(error.text); };
    const auto service = living(executor, options);
    const auto connect_trusting = [&](const Identity& trusted) -> asio::awaitable<Opened> {
      ConnectOptions connecting;
      connecting.tls.ca_pem = trusted.certificate_pem;
      co_return co_await connect(url_of(*service, true), connecting);
    };
    auto old = co_await connect_trusting(identity());
    CO_REQUIRE(old);
    ServerTls tls;
    tls.certificate_pem = next.certificate_pem;
    tls.private_key_pem = identity().private_key_pem;
    const auto mixed = service->use_certificate(tls);
    CO_REQUIRE(!mixed);
    EXPECT_THAT(mixed.error(), HasSubstr("key"));
    EXPECT_TRUE(co_await connect_trusting(identity())) << "nothing has changed";
    EXPECT_THAT(failed, IsEmpty());
    tls.private_key_pem = next.private_key_pem;
    EXPECT_TRUE(service->use_certificate(tls));
    EXPECT_TRUE(co_await connect_trusting(next));
    EXPECT_FALSE(co_await connect_trusting(identity()));
    while (failed.empty()) co_await yield_often(1);
    EXPECT_THAT(failed, ElementsAre(HasSubstr("TLS with 127.0.0.1")));
    EXPECT_FALSE(co_await old->write_text("hello"));
    EXPECT_EQ(text_of(co_await old->read(kPatience)), "hello");
    old->drop();
    (void)co_await service->stop();
  });
}

}  // namespace
}  // namespace ws::io
