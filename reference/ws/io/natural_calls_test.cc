// What people write without thinking of the compiler: options in braces, within co_await. g++ 12 destroys a braced
// aggregate twice there, and fails where braces make a std::initializer_list; so options have constructors.
#include <ws/io/serve/echo_client.h>
#include <ws/io/serve/reconnect.h>
#include <ws/io/serve/service.h>
#include <ws/io/test_sockets.h>

#include <type_traits>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words

template <class... T>
constexpr bool kNoAggregate = (!std::is_aggregate_v<T> && ...);
static_assert(kNoAggregate<Url, TlsOptions, DialOptions, ListenOptions, AcceptOptions, ConnectOptions, ServiceOptions,
                           ReconnectOptions>,
              "what is given to an operation in braces needs a constructor");

asio::awaitable<void> shout(std::shared_ptr<WebSocket> socket) {
  while (const auto received = co_await socket->read()) {
    if (std::holds_alternative<Ended>(*received)) co_return;
    if (co_await socket->write_text("HEARD")) co_return;
  }
}

TEST(NaturalCalls, OptionsInBraces) {
  run([]() -> asio::awaitable<void> {
    const auto service = Service::start(co_await asio::this_coro::executor, {}, shout);
    CO_REQUIRE(service);
    const std::uint16_t port = (*service)->port();
    const Url url("127.0.0.1", port);
    const auto talk = [](std::expected<WebSocket, OpenError> socket) -> asio::awaitable<void> {
      CO_REQUIRE(socket);
      EXPECT_FALSE(co_await socket->write_binary(Bytes(2)));
      EXPECT_EQ(text_of(co_await socket->read()), "HEARD");
      EXPECT_TRUE(co_await socket->close(1000, "bye"));
    };
    co_await talk(co_await connect(url));
    co_await talk(co_await connect(url, {}));
    co_await talk(co_await connect({"127.0.0.1", port}, {}));
    co_await talk(co_await connect(*parse_url("ws://127.0.0.1:" + std::to_string(port) + "/"), ConnectOptions{}));
    co_await talk(co_await connect_patiently(url, {}, {}));
    auto stream = co_await dial({});  // port 80
    EXPECT_TRUE(stream || stream.error().stage == DialStage::resolve || stream.error().stage == DialStage::connect);
    const auto used = co_await keep_connected(url, {}, {}, [&](WebSocket& socket) -> asio::awaitable<bool> {
      EXPECT_TRUE(co_await socket.close());
      co_return false;
    });
    EXPECT_FALSE(used);
    (void)co_await (*service)->stop();
  });
}

TEST(NaturalCalls, OfBothEndsOfAStream) {
  run([]() -> asio::awaitable<void> {
    Pair pair = co_await connected(false);
    Task serving(pair.server->executor(), [&]() -> asio::awaitable<void> {
      auto socket = co_await accept(std::move(pair.server), {});
      CO_REQUIRE(socket);
      EXPECT_EQ(text_of(co_await socket->read()), "ended 1001 bye clean");
    });
    auto socket = co_await connect(std::move(pair.client), {"localhost", 80}, {});
    CO_REQUIRE(socket);
    EXPECT_TRUE(co_await socket->close(1001, "bye"));
    co_await serving.join();
  });
}

}  // namespace
}  // namespace ws::io
