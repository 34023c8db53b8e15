// ask() against servers that take their time, and those that take no notice.
#include <gtest/gtest.h>
#include <ws/io/serve/echo_server.h>
#include <ws/testing/matchers.h>
#include <ws/testing/pipe.h>
#include <ws/testing/run.h>

#include <asio/this_coro.hpp>

namespace ws::testing {
namespace {

using namespace std::chrono_literals;
using Answering = std::function<asio::awaitable<void>(std::shared_ptr<io::WebSocket>)>;

// What `server` is heard to say to the frames, in virtual time.
Heard heard_of(const Answering& server, const Frames& frames, const AskOptions& options = AskOptions()) {
  Heard heard;
  std::optional<Pipe> pipe;
  run_in_virtual_time({[&]() -> asio::awaitable<void> {
                         pipe.emplace(co_await asio::this_coro::executor);
                         heard = co_await ask(std::move(pipe->client), Url("a.test", 80), frames, options);
                       },
                       [&]() -> asio::awaitable<void> {
                         auto socket = co_await io::accept(std::move(pipe->server), {});
                         if (socket) co_await server(std::make_shared<io::WebSocket>(std::move(*socket)));
                       }});
  return heard;
}

asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  io::Signal nothing(co_await asio::this_coro::executor);
  (void)co_await nothing.wait(io::deadline_after(time));
}

// Answers each message some time after it came, and reads on meanwhile: Pings are answered at once, and once a Close
// came nothing is. As most servers with callbacks do.
asio::awaitable<void> echo_later(std::shared_ptr<io::WebSocket> socket) {
  const auto executor = co_await asio::this_coro::executor;
  while (auto received = co_await socket->read()) {
    auto* const text = std::get_if<event::Text>(&*received);
    if (text == nullptr) co_return;
    const auto answer = [socket, data = text->data]() -> asio::awaitable<void> {
      co_await sleep(5ms);
      (void)socket->queue(command::Text{data});
    };
    spawn(executor, answer);
  }
}

TEST(Ask, WaitsForAnAnswerThatIsLaterThanThePong) {
  EXPECT_THAT(heard_of(echo_later, {text("one"), ping("between"), text("two")}),
              AllOf(Echoes("one", "two"), ClosesWith(1000), ObeysTheRfc()));
}

// Nobody answers: the Close goes out all the same, and at once where no answer is expected.
TEST(Ask, SaysGoodbyeToAServerThatDoesNotAnswer) {
  const Answering listen = [](std::shared_ptr<io::WebSocket> socket) -> asio::awaitable<void> {
    while (true) {
      const auto received = co_await socket->read();
      if (!received || std::holds_alternative<io::Ended>(*received)) co_return;
    }
  };
  EXPECT_THAT(heard_of(listen, {text("hello")}), AllOf(ClosesWith(1000), ObeysTheRfc()));
  AskOptions hasty;
  hasty.answers = 0;
  hasty.limit = 1ms;  // less than any wait
  EXPECT_THAT(heard_of(listen, {text("hello")}, hasty), AllOf(ClosesWith(1000), ObeysTheRfc()));
}

TEST(Ask, SendsNoSecondClose) {
  const Heard heard = heard_of(echo_later, {close_frame(4000)});
  EXPECT_THAT(heard, AllOf(ClosesWith(4000), ObeysTheRfc()));
}

}  // namespace
}  // namespace ws::testing
