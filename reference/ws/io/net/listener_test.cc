// Listening: TCP and Unix sockets, slow and hostile clients, the end.
#include <ws/io/net/test_support.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::HasSubstr;

ListenOptions tls_listen() {
  ListenOptions options;
  options.tls = server_tls();
  return options;
}

DialOptions to(std::uint16_t port, bool secure) {
  DialOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  if (secure) options.tls = trusting();
  return options;
}

TEST(Listener, SaysWhyItCannotListen) {
  asio::io_context context;
  const auto first = Listener::open(context.get_executor(), {});
  ASSERT_TRUE(first);
  ListenOptions taken;
  taken.port = (*first)->port();
  const auto second = Listener::open(context.get_executor(), taken);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "listen on 127.0.0.1 port " + std::to_string(taken.port) + ": Address already in use");
  ListenOptions broken = tls_listen();
  broken.tls->private_key_pem = self_signed("another").private_key_pem;
  const auto third = Listener::open(context.get_executor(), broken);
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error(), HasSubstr("private key"));
}

TEST(Listener, PortIsFreeAgainAfterClose) {
  asio::io_context context;
  const auto first = Listener::open(context.get_executor(), {});
  ASSERT_TRUE(first);
  ListenOptions again;
  again.port = (*first)->port();
  (*first)->close();
  EXPECT_TRUE(Listener::open(context.get_executor(), again));
}

TEST(Listener, CloseEndsAccept) {
  for (const bool secure : {false, true}) {
    run([secure]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      const auto listener = Listener::open(executor, secure ? tls_listen() : ListenOptions{});
      CO_REQUIRE(listener);
      std::error_code error;
      Task accepting(executor, [&]() -> asio::awaitable<void> {
        const auto stream = co_await (*listener)->accept();
        if (!stream) error = stream.error();
      });
      co_await yield_often();
      (*listener)->close();
      co_await accepting.join();
      EXPECT_EQ(error, asio::error::operation_aborted);
    });
  }
}

TEST(Listener, ASilentTlsClientDelaysNobody) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto listener = Listener::open(executor, tls_listen());
    CO_REQUIRE(listener);
    const auto silent = co_await dial(to((*listener)->port(), false));  // TCP, and no more
    CO_REQUIRE(silent);
    int accepted = 0;
    Task accepting(executor, [&]() -> asio::awaitable<void> {
      for (; accepted < 3; ++accepted) CO_REQUIRE(co_await (*listener)->accept());
    });
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(co_await dial(to((*listener)->port(), true)));
    co_await accepting.join();
    EXPECT_EQ(accepted, 3);
    // The handshake under way ends with the listener.
    (*listener)->close();
    EXPECT_TRUE((co_await read_all(**silent)).error);
  });
}

TEST(Listener, DropsATlsClientThatIsTooSlow) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    ListenOptions options = tls_listen();
    options.tls_deadline = std::chrono::milliseconds(20);
    const auto listener = Listener::open(executor, options);
    CO_REQUIRE(listener);
    Task accepting(executor, [&]() -> asio::awaitable<void> { (void)co_await (*listener)->accept(); });
    const auto silent = co_await dial(to((*listener)->port(), false));
    CO_REQUIRE(silent);
    EXPECT_TRUE((co_await read_all(**silent)).error);
    EXPECT_FALSE(accepting.ended());
    (*listener)->close();
    co_await accepting.join();
  });
}

TEST(Listener, OutlivesGarbageClients) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto listener = Listener::open(executor, tls_listen());
    CO_REQUIRE(listener);
    Task accepting(executor, [&]() -> asio::awaitable<void> { EXPECT_TRUE(co_await (*listener)->accept()); });
    for (const std::string& garbage : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(3, '\0'), std::string()}) {
      const auto client = co_await dial(to((*listener)->port(), false));
      CO_REQUIRE(client);
      (void)co_await (*client)->write(as_octets(garbage));
      if (garbage.empty()) {
        (*client)->reset();
      } else {
        (void)co_await (*client)->shutdown_send();
        EXPECT_TRUE((co_await read_all(**client)).error);
      }
    }
    EXPECT_TRUE(co_await dial(to((*listener)->port(), true)));
    co_await accepting.join();
  });
}

}  // namespace
}  // namespace ws::io
