// Connections through the proxies that people run: tinyproxy, squid, microsocks, dante. scripts/test installs tinyproxy
// and microsocks, and in a container all; the tests of a program that is missing are skipped.
#include <ws/io/test_programs.h>
#include <ws/io/test_sockets.h>

#include <memory>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::HasSubstr;

struct Running {
  std::vector<std::unique_ptr<TemporaryFile>> files;
  std::unique_ptr<Program> program;
  std::uint16_t port = 0;

  std::string file(const std::string& content, mode_t mode = 0644) {
    files.push_back(std::make_unique<TemporaryFile>(content));
    ::chmod(files.back()->path.c_str(), mode);
    return files.back()->path;
  }
};

void start_tinyproxy(Running& running, const std::string& path, bool password) {
  const std::string conf = running.file("Port " + std::to_string(running.port) +
                                        "\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Critical\n" +
                                        (password ? "BasicAuth me secret\n" : ""));
  running.program = std::make_unique<Program>(path, std::vector<std::string>{"-d", "-c", conf});
}

void start_squid(Running& running, const std::string& path, bool password) {
  const std::string helper = running.file(
      "#!/bin/sh\nwhile read -r user password; do\n  if [ \"$user $password\" = \"me secret\" ]; then echo OK; else "
      "echo ERR; "
      "fi\ndone\n",
      0755);
  const std::string conf = running.file(
      "http_port 127.0.0.1:" + std::to_string(running.port) +
      "\npid_filename none\naccess_log none\ncache_log /dev/null\ncache deny all\nnetdb_filename none\npinger_enable "
      "off\n"
      "visible_hostname localhost\nshutdown_lifetime 0 seconds\n" +
      (password
           ? "auth_param basic program " + helper +
                 "\nauth_param basic children 1 startup=1\nacl known proxy_auth REQUIRED\nhttp_access allow known\n"
           : std::string("http_access allow all\n")) +
      "http_access deny all\n");
  running.program = std::make_unique<Program>(path, std::vector<std::string>{"-N", "-f", conf});
}

void start_microsocks(Running& running, const std::string& path, bool password) {
  std::vector<std::string> arguments = {"-i", "127.0.0.1", "-p", std::to_string(running.port)};
  if (password) arguments.insert(arguments.end(), {"-u", "me", "-P", "secret"});
  running.program = std::make_unique<Program>(path, arguments);
}

void start_dante(Running& running, const std::string& path, bool) {
  const std::string conf =
      running.file("logoutput: /dev/null\ninternal: 127.0.0.1 port = " + std::to_string(running.port) +
                   "\nexternal: lo\nsocksmethod: none\nclientmethod: none\nuser.unprivileged: nobody\n"
                   "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\nsocks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n");
  running.program = std::make_unique<Program>(path, std::vector<std::string>{"-f", conf, "-p", running.file("")});
}

struct Kind {
  const char *name, *program, *package;
  Proxy::Kind kind;
  bool password;
  void (*start)(Running&, const std::string& path, bool password);
};

class RealProxy : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    const Kind& kind = GetParam();
    const std::string path = program_path(kind.program);
    if (path.empty()) GTEST_SKIP() << kind.program << " is not installed (Debian package " << kind.package << ")";
    running_.port = free_port();
    kind.start(running_, path, kind.password);
    ASSERT_TRUE(running_.program->listens_on(running_.port)) << kind.program << " does not listen";
  }
  [[nodiscard]] Proxy proxy() const {
    Proxy proxy{.kind = GetParam().kind, .host = "127.0.0.1", .port = running_.port};
    if (GetParam().password) {
      proxy.user = "me";
      proxy.password = "secret";
    }
    return proxy;
  }

  Running running_;
};
INSTANTIATE_TEST_SUITE_P(
    , RealProxy,
    testing::Values(Kind{"Tinyproxy", "tinyproxy", "tinyproxy-bin", Proxy::Kind::http, false, start_tinyproxy},
                    Kind{"TinyproxyPassword", "tinyproxy", "tinyproxy-bin", Proxy::Kind::http, true, start_tinyproxy},
                    Kind{"Squid", "squid", "squid", Proxy::Kind::http, false, start_squid},
                    Kind{"SquidPassword", "squid", "squid", Proxy::Kind::http, true, start_squid},
                    Kind{"Microsocks", "microsocks", "microsocks", Proxy::Kind::socks5, false, start_microsocks},
                    Kind{"MicrosocksPassword", "microsocks", "microsocks", Proxy::Kind::socks5, true, start_microsocks},
                    Kind{"Dante", "danted", "dante-server", Proxy::Kind::socks5, false, start_dante}),
    [](const auto& kind) { return kind.param.name; });

// One message there and back.
asio::awaitable<void> talk_through(Proxy proxy, bool secure, std::string host) {
  const auto executor = co_await asio::this_coro::executor;
  ListenOptions listen;
  if (secure) listen.tls = server_tls();
  auto listener = Listener::open(executor, listen);
  CO_REQUIRE(listener);
  Task serving(executor, [&]() -> asio::awaitable<void> {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    auto socket = co_await accept(std::move(*stream), AcceptOptions());
    CO_REQUIRE(socket);
    EXPECT_FALSE(co_await socket->write_text("heard " + text_of(co_await socket->read())));
    EXPECT_EQ(text_of(co_await socket->read()), "ended 1000  clean");
  });
  ConnectOptions options;
  options.proxy = proxy;
  options.tls = trusting();
  const Url url(secure, host, (*listener)->port());
  auto socket = co_await connect(url, options);
  EXPECT_TRUE(socket) << socket.error().text;
  if (socket) {
    EXPECT_FALSE(co_await socket->write_text("hello"));
    EXPECT_EQ(text_of(co_await socket->read()), "heard hello");
    EXPECT_TRUE((co_await socket->close()).value().clean);
  }
  (*listener)->close();
  co_await serving.join();
}

TEST_P(RealProxy, CarriesPlainAndSecureConnections) {
  run([this]() -> asio::awaitable<void> {
    co_await talk_through(proxy(), false, "127.0.0.1");
    co_await talk_through(proxy(), true, "127.0.0.1");
    co_await talk_through(proxy(), true, "localhost");  // resolved by the proxy
  });
}

TEST_P(RealProxy, TellsThatTheServerDoesNotListen) {
  run([this]() -> asio::awaitable<void> {
    ConnectOptions options;
    options.proxy = proxy();
    const Url url("127.0.0.1", free_port());
    const auto socket = co_await connect(url, options);
    CO_REQUIRE(!socket);
    EXPECT_EQ(socket.error().stage, DialStage::proxy) << socket.error().text;
    EXPECT_THAT(socket.error().text, HasSubstr("through the proxy 127.0.0.1 port " + std::to_string(running_.port)));
  });
}

TEST_P(RealProxy, TellsThatThePasswordIsWrong) {
  if (!GetParam().password) return;
  run([this]() -> asio::awaitable<void> {
    for (const bool none : {false, true}) {
      ConnectOptions options;
      options.proxy = proxy();
      options.proxy->password = "wrong";
      if (none) options.proxy->user.clear();
      const Url url("127.0.0.1", 1);
      const auto socket = co_await connect(url, options);
      CO_REQUIRE(!socket);
      EXPECT_EQ(socket.error().stage, DialStage::proxy);
      EXPECT_THAT(socket.error().text, HasSubstr("user and password"));
    }
  });
}

}  // namespace
}  // namespace ws::io
