// test_support.h - for the tests of this folder: running coroutines to their end, and connected streams.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <ws/io/net/listener.h>
#include <ws/io/net/wait.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <fstream>
#include <functional>

// Assertions that return cannot stand in coroutines.
#define CO_REQUIRE(condition)                    \
  if (!(condition)) {                            \
    ADD_FAILURE() << "required: " << #condition; \
    co_return;                                   \
  }                                              \
  static_assert(true)

namespace ws::io::test {

using Body = std::function<asio::awaitable<void>()>;
constexpr std::chrono::seconds kPatience{60};  // only failing tests wait so long

// Runs `body`, and everything that it starts, to the end. What `body` captures must outlive the call.
inline void run(const Body& body) {
  asio::io_context context(1);
  std::exception_ptr thrown;
  asio::co_spawn(context, [&body] { return body(); }, [&thrown](std::exception_ptr e) { thrown = e; });
  context.run_for(kPatience);
  EXPECT_TRUE(context.stopped()) << "something is still under way";
  if (thrown) std::rethrow_exception(thrown);
}

// A coroutine that runs beside the test's.
class Task {
 public:
  Task(const asio::any_io_executor& executor, Body body) : state_(std::make_shared<State>(executor, std::move(body))) {
    asio::co_spawn(
        executor, [state = state_.get()] { return state->body(); },
        asio::bind_cancellation_slot(state_->cancellation.slot(), [state = state_](std::exception_ptr e) {
          state->ended = true;
          if (e) state->thrown = e;
          state->done.notify_all();
        }));
  }
  void cancel() { state_->cancellation.emit(asio::cancellation_type::terminal); }
  [[nodiscard]] bool ended() const { return state_->ended; }
  asio::awaitable<void> join() {
    const auto state = state_;
    while (!state->ended) {
      if (co_await state->done.wait(deadline_after(kPatience))) {
        ADD_FAILURE() << "a task does not end";
        co_return;
      }
    }
    if (state->thrown) std::rethrow_exception(state->thrown);
  }

 private:
  struct State {
    State(const asio::any_io_executor& executor, Body given) : body(std::move(given)), done(executor) {}
    Body body;
    Signal done;
    asio::cancellation_signal cancellation;
    bool ended = false;
    std::exception_ptr thrown;
  };
  std::shared_ptr<State> state_;
};

// Lets everything run that is ready to run.
inline asio::awaitable<void> yield_often(int times = 20) {
  Signal never(co_await asio::this_coro::executor);
  for (int i = 0; i < times; ++i) (void)co_await never.wait(Clock::now());
}

inline const Identity& identity() {
  static const Identity made = self_signed("localhost");
  return made;
}

inline ServerTls server_tls() {
  ServerTls tls;
  tls.certificate_pem = identity().certificate_pem;
  tls.private_key_pem = identity().private_key_pem;
  return tls;
}

inline TlsOptions trusting() {
  TlsOptions tls;
  tls.ca_pem = identity().certificate_pem;
  return tls;
}

struct TemporaryFile {
  explicit TemporaryFile(const std::string& content) : path(testing::TempDir() + "ws_io_test_XXXXXX") {
    const int descriptor = ::mkstemp(path.data());
    if (descriptor >= 0) ::close(descriptor);
    std::ofstream(path) << content;
  }
  ~TemporaryFile() { ::unlink(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path;
};

struct Pair {
  std::unique_ptr<Stream> client, server;
};

// Two ends of one connection over loopback.
inline asio::awaitable<Pair> connected(bool secure) {
  ListenOptions listen;
  DialOptions dialing;
  dialing.host = "127.0.0.1";
  if (secure) {
    listen.tls = server_tls();
    dialing.tls = trusting();
  }
  const auto executor = co_await asio::this_coro::executor;
  auto listener = Listener::open(executor, listen);
  if (!listener) throw std::runtime_error(listener.error());
  dialing.port = (*listener)->port();
  Pair pair;
  Task accepting(executor, [&]() -> asio::awaitable<void> {
    auto accepted = co_await (*listener)->accept();
    if (accepted) pair.server = std::move(*accepted);
  });
  auto dialed = co_await dial(dialing);
  co_await accepting.join();
  if (!dialed) throw std::runtime_error(dialed.error().text);
  pair.client = std::move(*dialed);
  co_return std::move(pair);
}

// Reads until an error, which it gives with what came before.
struct Input {
  std::string text;
  std::error_code error;
};
inline asio::awaitable<Input> read_all(Stream& stream) {
  Input input;
  std::vector<std::byte> buffer(64 * 1024);
  while (true) {
    const auto count = co_await stream.read_some(buffer);
    if (!count) {
      input.error = count.error();
      co_return std::move(input);
    }
    input.text += as_text({buffer.data(), *count});
  }
}

}  // namespace ws::io::test
