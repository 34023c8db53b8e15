// Servers and clients over Unix sockets.
#include <sys/stat.h>
#include <unistd.h>
#include <ws/io/test_sockets.h>

#include <asio/error.hpp>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words
using testing::HasSubstr;
using testing::StartsWith;

// A path in a folder of its own.
struct SocketPath {
  SocketPath() : folder(testing::TempDir() + "ws_io_test_XXXXXX") {
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = folder + "/socket";
  }
  ~SocketPath() {
    ::unlink(path.c_str());
    ::rmdir(folder.c_str());
  }
  [[nodiscard]] bool exists() const { return ::access(path.c_str(), F_OK) == 0; }
  std::string folder, path;
};

ListenOptions listen_at(const SocketPath& at, bool secure = false) {
  ListenOptions options;
  options.unix_path = at.path;
  if (secure) options.tls = server_tls();
  return options;
}

class UnixSocket : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, UnixSocket, testing::Bool(), [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

TEST_P(UnixSocket, CarriesAConversation) {
  const bool secure = GetParam();
  run([secure]() -> asio::awaitable<void> {
    const SocketPath at;
    const auto executor = co_await asio::this_coro::executor;
    auto listener = Listener::open(executor, listen_at(at, secure));
    CO_REQUIRE(listener);
    EXPECT_EQ((*listener)->port(), 0);
    Task serving(executor, [&]() -> asio::awaitable<void> {
      auto stream = co_await (*listener)->accept();
      CO_REQUIRE(stream);
      auto socket = co_await accept(std::move(*stream), AcceptOptions());
      CO_REQUIRE(socket);
      EXPECT_EQ(find_field(socket->request().fields, "Host")->value, "localhost");
      EXPECT_FALSE(co_await socket->write_text("heard " + text_of(co_await socket->read())));
      EXPECT_EQ(text_of(co_await socket->read()), "ended 1000  clean");
    });
    ConnectOptions options;
    options.unix_path = at.path;
    options.tls = trusting();
    Url url(secure, "localhost", 80);
    if (secure) url.port = 443;
    auto socket = co_await connect(url, options);
    CO_REQUIRE(socket);
    EXPECT_EQ(socket->stream().peer(), "unix:" + at.path);
    EXPECT_FALSE(co_await socket->write_text("hello"));
    EXPECT_EQ(text_of(co_await socket->read()), "heard hello");
    EXPECT_TRUE((co_await socket->close()).value().clean);
    co_await serving.join();
    (*listener)->close();
    EXPECT_FALSE(at.exists());
  });
}

TEST(UnixSocketPath, IsTakenOverFromTheDeadOnly) {
  run([]() -> asio::awaitable<void> {
    const SocketPath at;
    const auto executor = co_await asio::this_coro::executor;
    auto alive = Listener::open(executor, listen_at(at));
    CO_REQUIRE(alive);
    auto second = Listener::open(executor, listen_at(at));
    CO_REQUIRE(!second);
    EXPECT_THAT(second.error(), StartsWith("listen on unix:" + at.path + ": "));
    EXPECT_TRUE(at.exists());
    // One that was killed leaves its file.
    const std::string other = at.path + "2";
    EXPECT_EQ(::rename(at.path.c_str(), other.c_str()), 0);
    (*alive)->close();
    EXPECT_EQ(::rename(other.c_str(), at.path.c_str()), 0);
    EXPECT_TRUE(at.exists());
    EXPECT_TRUE(Listener::open(executor, listen_at(at)));
    EXPECT_FALSE(at.exists());
  });
}

TEST(UnixSocketPath, OneThatCannotBeUsedIsNamed) {
  run([]() -> asio::awaitable<void> {
    DialOptions options;
    options.unix_path = "/nowhere/socket";
    auto stream = co_await dial(options);
    CO_REQUIRE(!stream);
    EXPECT_EQ(stream.error().text, "connect to unix:/nowhere/socket: No such file or directory");
    options.unix_path = "/" + std::string(200, 'x');
    stream = co_await dial(options);
    CO_REQUIRE(!stream);
    EXPECT_THAT(stream.error().text, HasSubstr("the path is too long"));
    ListenOptions listen;
    listen.unix_path = options.unix_path;
    EXPECT_FALSE(Listener::open(co_await asio::this_coro::executor, listen));
  });
}

TEST(UnixSocketPath, AFileThatIsNoSocketIsLeftAlone) {
  run([]() -> asio::awaitable<void> {
    const TemporaryFile file("precious");
    ListenOptions listen;
    listen.unix_path = file.path;
    EXPECT_FALSE(Listener::open(co_await asio::this_coro::executor, listen));
    EXPECT_EQ(::access(file.path.c_str(), F_OK), 0);
  });
}

}  // namespace
}  // namespace ws::io
