#include <ws/io/net/dial_tcp.h>
#include <ws/io/net/test_support.h>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::AllOf;
using testing::HasSubstr;

DialOptions to(std::string host, std::uint16_t port, std::optional<TlsOptions> tls = std::nullopt) {
  DialOptions options;
  options.host = std::move(host);
  options.port = port;
  options.tls = std::move(tls);
  return options;
}

// Dials a TLS server that shows the tests' certificate, for as long as the dialling takes.
asio::awaitable<Dialed> dial_tls(std::string host, TlsOptions tls, ServerTls server = server_tls()) {
  const auto executor = co_await asio::this_coro::executor;
  ListenOptions listen;
  listen.tls = server;
  listen.host = host == "::1" ? "::1" : "127.0.0.1";
  auto listener = Listener::open(executor, listen);
  if (!listener) throw std::runtime_error(listener.error());
  Task accepting(executor, [&]() -> asio::awaitable<void> { (void)co_await (*listener)->accept(); });
  auto result = co_await dial(to(host, (*listener)->port(), tls));
  (*listener)->close();
  co_await accepting.join();
  co_return std::move(result);
}

// A port on which TCP connects, and nobody ever says anything.
struct SilentPort {
  explicit SilentPort(const asio::any_io_executor& executor)
      : acceptor(executor, {asio::ip::make_address("127.0.0.1"), 0}) {}
  std::uint16_t port() const { return acceptor.local_endpoint().port(); }
  asio::ip::tcp::acceptor acceptor;
};

TEST(Dial, RefusedConnectionNamesStageAndAddress) {
  run([]() -> asio::awaitable<void> {
    std::uint16_t port = 0;
    {
      const SilentPort used(co_await asio::this_coro::executor);
      port = used.port();
    }
    const auto result = co_await dial(to("127.0.0.1", port));
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().stage, DialStage::connect);
    EXPECT_EQ(result.error().code, asio::error::connection_refused);
    EXPECT_EQ(result.error().text, "connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  });
}

TEST(Dial, NameThatCannotBeResolved) {
  run([]() -> asio::awaitable<void> {
    const auto result = co_await dial(to("no..such..name", 1));  // malformed: no server is asked
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().stage, DialStage::resolve);
    EXPECT_TRUE(result.error().code);
    EXPECT_THAT(result.error().text, HasSubstr("resolve no..such..name: "));
  });
}

TEST(Dial, AddressOfTheOtherFamily) {
  run([]() -> asio::awaitable<void> {
    DialOptions options = to("127.0.0.1", 1);
    options.family = Family::v6;
    const auto result = co_await dial(options);
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().stage, DialStage::resolve);
    EXPECT_THAT(result.error().text, HasSubstr("127.0.0.1 as an IPv6 address"));
  });
}

TEST(Dial, TriesAllAddressesOfAName) {
  run([]() -> asio::awaitable<void> {
    SilentPort v4(co_await asio::this_coro::executor);  // localhost may be ::1 first, where nobody listens
    const auto result = co_await dial(to("localhost", v4.port()));
    EXPECT_TRUE(result) << result.error().text;
  });
}

TEST(Dial, DeadlineCoversASilentTlsServer) {
  run([]() -> asio::awaitable<void> {
    const SilentPort silent(co_await asio::this_coro::executor);
    DialOptions options = to("127.0.0.1", silent.port(), trusting());
    options.deadline = std::chrono::milliseconds(50);
    const auto result = co_await dial(options);
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().stage, DialStage::tls);
    EXPECT_EQ(result.error().code, asio::error::timed_out);
    EXPECT_THAT(result.error().text, HasSubstr("no answer in time"));
  });
}

TEST(Dial, DeadlineCoversConnecting) {
  run([]() -> asio::awaitable<void> {
    // A full queue of connections: the kernel lets further ones wait.
    SilentPort full(co_await asio::this_coro::executor);
    full.acceptor.listen(0);
    std::vector<std::unique_ptr<Stream>> fillers;
    while (true) {
      DialOptions options = to("127.0.0.1", full.port());
      options.deadline = std::chrono::milliseconds(100);
      auto result = co_await dial(options);
      if (result) {
        fillers.push_back(std::move(*result));
        continue;
      }
      EXPECT_EQ(result.error().stage, DialStage::connect);
      EXPECT_EQ(result.error().code, asio::error::timed_out);
      break;
    }
  });
}

TEST(Dial, IsCancelledInTheMiddle) {
  run([]() -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const SilentPort silent(executor);
    Dialed result;
    Task dialing(executor, [&]() -> asio::awaitable<void> {
      result = co_await dial(to("127.0.0.1", silent.port(), trusting()));
    });
    co_await yield_often();
    EXPECT_FALSE(dialing.ended());
    dialing.cancel();
    co_await dialing.join();
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().code, asio::error::operation_aborted);
  });
}

TEST(Dial, TrustsTheGivenCaForNamesAndAddresses) {
  run([]() -> asio::awaitable<void> {
    for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
      const auto result = co_await dial_tls(host, trusting());
      EXPECT_TRUE(result) << result.error().text;
    }
    const TemporaryFile file(identity().certificate_pem);
    TlsOptions from_file;
    from_file.ca_file = file.path;
    const auto result = co_await dial_tls("localhost", from_file);
    EXPECT_TRUE(result) << result.error().text;
  });
}

TEST(Dial, RefusesACertificateThatNobodySigned) {
  run([]() -> asio::awaitable<void> {
    const TlsOptions the_systems;
    const auto result = co_await dial_tls("localhost", the_systems);
    CO_REQUIRE(!result);
    EXPECT_EQ(result.error().stage, DialStage::tls);
    EXPECT_THAT(result.error().text,
                AllOf(HasSubstr("TLS with 127.0.0.1 port "), HasSubstr("not trusted: self-signed")));
  });
}

TEST(Dial, RefusesACertificateForAnotherName) {
  run([]() -> asio::awaitable<void> {
    TlsOptions tls = trusting();
    tls.server_name = "example.org";
    auto result = co_await dial_tls("localhost", tls);
    CO_REQUIRE(!result);
    EXPECT_THAT(result.error().text, AllOf(HasSubstr("as example.org"), HasSubstr("hostname mismatch")));
    tls.server_name = "127.0.0.2";
    result = co_await dial_tls("localhost", tls);
    CO_REQUIRE(!result);
    EXPECT_THAT(result.error().text, HasSubstr("IP address mismatch"));
  });
}

TEST(Dial, InsecureTakesAnyCertificate) {
  run([]() -> asio::awaitable<void> {
    TlsOptions tls;
    tls.insecure = true;
    tls.server_name = "example.org";
    const auto result = co_await dial_tls("localhost", tls);
    EXPECT_TRUE(result) << result.error().text;
  });
}

TEST(Dial, NamesTheFileThatCannotBeUsed) {
  run([]() -> asio::awaitable<void> {
    TlsOptions tls;
    tls.ca_file = "/nowhere/ca.pem";
    auto result = co_await dial_tls("localhost", tls);
    CO_REQUIRE(!result);
    EXPECT_THAT(result.error().text, HasSubstr("the CA file /nowhere/ca.pem"));
    tls = trusting();
    tls.certificate_file = "/nowhere/me.pem";
    result = co_await dial_tls("localhost", tls);
    CO_REQUIRE(!result);
    EXPECT_THAT(result.error().text, HasSubstr("the certificate file /nowhere/me.pem"));
  });
}

TEST(Dial, ShowsAClientCertificate) {
  run([]() -> asio::awaitable<void> {
    const Identity me = self_signed("me");
    const TemporaryFile certificate(me.certificate_pem), key(me.private_key_pem);
    ServerTls server = server_tls();
    server.client_ca_pem = me.certificate_pem;

    const auto executor = co_await asio::this_coro::executor;
    ListenOptions listen;
    listen.tls = server;
    auto listener = Listener::open(executor, listen);
    CO_REQUIRE(listener);
    std::unique_ptr<Stream> accepted;
    Task accepting(executor, [&]() -> asio::awaitable<void> {
      auto stream = co_await (*listener)->accept();
      if (stream) accepted = std::move(*stream);
    });

    // Without one, TLS 1.3 tells by an alert after the client's handshake is done (RFC 8446 4.4.2.4).
    auto refused = co_await dial(to("localhost", (*listener)->port(), trusting()));
    if (refused) {
      EXPECT_EQ(&(co_await read_all(**refused)).error.category(), &asio::error::get_ssl_category());
    }
    EXPECT_FALSE(accepting.ended());

    TlsOptions tls = trusting();
    tls.certificate_file = certificate.path;
    tls.private_key_file = key.path;
    auto stream = co_await dial(to("localhost", (*listener)->port(), tls));
    CO_REQUIRE(stream);
    co_await accepting.join();
    CO_REQUIRE(accepted);
    EXPECT_FALSE(co_await accepted->write(as_octets("welcome")));
    (void)co_await accepted->shutdown_send();
    EXPECT_EQ((co_await read_all(**stream)).text, "welcome");
  });
}

}  // namespace
}  // namespace ws::io
