// The calls that come to mind first, in coroutines: options and frames in braces, URLs on the way. (With g++ 12 these
// once destroyed their options twice, or did not compile.)
#include <ws/io/serve/echo_client.h>
#include <ws/io/serve/echo_server.h>
#include <ws/testing/ask.h>
#include <ws/testing/faults/deviant_endpoints.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>

// Names of a program's own beside ours: an alias within a namespace, and GoogleTest's.
namespace testing {
struct Test {};
}  // namespace testing
namespace app {
namespace ws = std::chrono;
[[maybe_unused]] constexpr ws::seconds kLimit{1};
}  // namespace app
[[maybe_unused]] testing::Test test;

namespace {

using namespace ws::io;
using namespace ws::testing;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

asio::awaitable<void> call(std::uint16_t port) {
  const std::string text_url = "ws://127.0.0.1:" + std::to_string(port) + "/";
  const ws::Url url = *ws::parse_url(text_url);
  for (int round = 0; round < 3; ++round) {
    auto socket = co_await ws::io::connect(url, {});
    require(socket.has_value(), "connect(url, {})");
    require(!co_await socket->write_text("hello"), "write_text()");
    require((co_await socket->close(1000, "bye")).has_value(), "close()");
  }
  require((co_await ws::io::connect({"127.0.0.1", port}, {})).has_value(), "connect({...}, {})");
  require((co_await ws::io::connect(*ws::parse_url(text_url))).has_value(), "connect(url)");

  ws::io::DialOptions dialing;
  dialing.host = "127.0.0.1";
  dialing.port = port;
  auto stream = co_await ws::io::dial(dialing);
  const Heard heard = co_await ask(std::move(*stream), url, {text("x"), ping("y")}, {});
  require(heard.messages.size() == 1, "ask(stream, url, {...}, {})");

  const auto nowhere = co_await run_deviant_client({"127.0.0.1", 1}, Fault::none, {});
  require(!nowhere, "run_deviant_client(url, fault, {})");
}

}  // namespace

int main() {
  const auto server = ws::io::EchoServer::start({});
  if (!server) {
    std::puts(server.error().c_str());
    return 1;
  }
  asio::io_context context;
  asio::co_spawn(context, call((*server)->port()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
  std::puts("all calls were right");
}
