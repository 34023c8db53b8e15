// The load generator against servers that echo, stall, differ, refuse and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ws/io/serve/echo_server.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <unistd.h>

#include <functional>
#include <thread>

#include "runner/bench/report.h"

namespace touchstone::bench {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const std::atomic<bool> kGoOn{false};
const auto kNobody = [](const Progress&) {};

LoadOptions small_load(std::uint16_t port) {
  LoadOptions load;
  load.url = ws::Url("127.0.0.1", port);
  load.connections = 4;
  load.warm_up = milliseconds(20);
  load.duration = milliseconds(200);
  return load;
}

LoadResult measure(const LoadOptions& load) { return run_load(load, kGoOn, kNobody); }

// The reference's echo server.
class Reference {
 public:
  Reference() : server_(*ws::io::EchoServer::start(ws::io::EchoOptions{})) {}
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  void stop() { server_->stop(); }

 private:
  std::unique_ptr<ws::io::EchoServer> server_;
};

// A server that does with each connection what the test says.
class Scripted {
 public:
  using Script = std::function<asio::awaitable<void>(ws::io::WebSocket&)>;
  explicit Scripted(Script script) : script_(std::move(script)) {
    listener_ = *ws::io::Listener::open(context_.get_executor(), {});
    asio::co_spawn(context_, serve(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;
  ~Scripted() {
    context_.stop();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

 private:
  asio::awaitable<void> serve() {
    while (true) {
      auto stream = co_await listener_->accept();
      if (!stream) co_return;
      asio::co_spawn(context_, converse(std::move(*stream)), asio::detached);
    }
  }
  asio::awaitable<void> converse(std::unique_ptr<ws::io::Stream> stream) {
    ws::io::AcceptOptions options;
    auto accepted = co_await ws::io::accept(std::move(stream), options);
    if (accepted) co_await script_(*accepted);
  }

  Script script_;
  asio::io_context context_{1};
  std::unique_ptr<ws::io::Listener> listener_;
  std::thread thread_;
};

// Gives every message, as octets, to `answer`.
template <class Answer>
asio::awaitable<void> for_each_message(ws::io::WebSocket& socket, Answer answer) {
  while (true) {
    auto received = co_await socket.read();
    const auto* const binary = received ? std::get_if<ws::event::Binary>(&*received) : nullptr;
    if (binary == nullptr) co_return;
    co_await answer(binary->data);
  }
}

TEST(Generator, EveryEchoOfAClosedLoopIsCounted) {
  const Reference server;
  for (const bool text : {false, true}) {
    LoadOptions load = small_load(server.port());
    load.text = text;
    load.in_flight = 3;
    const LoadResult result = measure(load);
    EXPECT_EQ(result.unreachable, "");
    EXPECT_EQ(result.opened, 4u);
    EXPECT_EQ(result.lost_count, 0u);
    EXPECT_EQ(result.unanswered, 0u);
    EXPECT_GT(result.echoes, 0u);
    EXPECT_EQ(result.measured, load.duration);
    // Those that came in the time and those that were meant for it are the same but for the ends.
    EXPECT_NEAR(static_cast<double>(result.latency.count()), static_cast<double>(result.echoes), 4 * 3);
  }
}

TEST(Generator, WhatTheServersProcessUsesIsMeasured) {
  const Reference server;  // in this process, together with the generator
  LoadOptions load = small_load(server.port());
  load.process = getpid();
  const LoadResult result = measure(load);
  ASSERT_TRUE(result.server);
  EXPECT_GT(result.server->memory, 100'000u);
  EXPECT_GT(result.server->cpu, milliseconds(0));
  EXPECT_LE(result.server->cpu, 2 * load.duration + milliseconds(100));
}

TEST(Generator, AllSizesAndDeflateComeBackRight) {
  const Reference server;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 1'000'000u}) {
    for (const bool deflate : {false, true}) {
      LoadOptions load = small_load(server.port());
      load.size = size;
      load.text = load.deflate = deflate;
      load.in_flight = 2;
      if (size > 65'536) load.duration = std::chrono::seconds(2);  // sanitized, beside others, some take their time
      const LoadResult result = measure(load);
      EXPECT_EQ(result.lost, Reasons{}) << size;
      EXPECT_EQ(result.deflate, deflate);
      EXPECT_EQ(result.unanswered, 0u);
      EXPECT_GT(result.latency.count(), 0u);
    }
  }
}

TEST(Generator, FragmentsAndPingsBetweenThemAreNoFault) {
  const Scripted server([](ws::io::WebSocket& socket) -> asio::awaitable<void> {
    co_await for_each_message(socket, [&](const ws::Bytes& data) -> asio::awaitable<void> {
      const ws::ByteView all(data);
      (void)socket.queue(ws::command::Binary{all.first(10), false});
      (void)socket.queue(ws::command::Ping{});
      (void)socket.queue(ws::command::Continue{all.subspan(10, 0), false});
      (void)socket.queue(ws::command::Continue{all.subspan(10), true});
      (void)co_await socket.drain();
    });
  });
  const LoadResult result = measure(small_load(server.port()));
  EXPECT_EQ(result.lost, Reasons{});
  EXPECT_GT(result.echoes, 0u);
}

TEST(Generator, AnEchoThatDiffersEndsItsConnection) {
  const Scripted server([](ws::io::WebSocket& socket) -> asio::awaitable<void> {
    co_await for_each_message(socket, [&](ws::Bytes data) -> asio::awaitable<void> {
      data[200] ^= std::byte{1};
      (void)socket.queue(ws::command::Binary{data});
      (void)co_await socket.drain();
    });
  });
  const LoadResult result = measure(small_load(server.port()));
  EXPECT_EQ(result.lost_count, 4u);
  EXPECT_THAT(result.lost.begin()->first, HasSubstr("differs from octet 200 of 256"));
  EXPECT_EQ(result.echoes, 0u);
}

TEST(Generator, AServerThatEndsInTheMiddleLeavesWhatWasMeasured) {
  const Scripted server([](ws::io::WebSocket& socket) -> asio::awaitable<void> {
    std::size_t left = 50;
    co_await for_each_message(socket, [&](const ws::Bytes& data) -> asio::awaitable<void> {
      if (left-- == 0) co_return socket.drop();
      (void)socket.queue(ws::command::Binary{data});
      (void)co_await socket.drain();
    });
  });
  LoadOptions load = small_load(server.port());
  load.warm_up = milliseconds(0);
  load.duration = std::chrono::seconds(60);
  const LoadResult result = measure(load);
  EXPECT_EQ(result.opened, 4u);
  EXPECT_EQ(result.lost_count, 4u);
  EXPECT_EQ(result.echoes, 4u * 50);
  EXPECT_LT(result.measured, std::chrono::seconds(30));
}

// The reason why there is a fixed rate: one stall of a server, and who notices it.
TEST(Generator, AStallIsSeenInAllMessagesThatWereDueMeanwhile) {
  for (const bool fixed_rate : {false, true}) {
    bool stalled = false;
    const Scripted server([&](ws::io::WebSocket& socket) -> asio::awaitable<void> {
      std::size_t count = 0;
      co_await for_each_message(socket, [&](const ws::Bytes& data) -> asio::awaitable<void> {
        if (++count == 20 && !stalled) {
          stalled = true;
          asio::steady_timer stall(socket.stream().executor(), milliseconds(500));
          std::error_code ignored;
          co_await stall.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        (void)socket.queue(ws::command::Binary{data});
        (void)co_await socket.drain();
      });
    });
    LoadOptions load = small_load(server.port());
    load.connections = 1;
    load.warm_up = milliseconds(0);
    load.duration = milliseconds(1000);
    if (fixed_rate) load.rate = 100;  // half of the second's messages are due in the stall
    const LoadResult result = measure(load);
    EXPECT_TRUE(stalled);
    EXPECT_GE(result.latency.max(), milliseconds(490));
    if (fixed_rate) {
      EXPECT_GE(result.latency.quantile(0.7), milliseconds(100));
    } else {
      EXPECT_LT(result.latency.quantile(0.9), milliseconds(100));
    }
  }
}

TEST(Generator, ARateThatIsTooMuchIsToldAndCounted) {
  const Reference server;
  LoadOptions load = small_load(server.port());
  load.rate = 1e7;
  const LoadResult result = measure(load);
  EXPECT_GT(result.unsent, 0u);
  EXPECT_GE(result.latency.max(), load.duration / 2);  // what was due at the start waited until the end
}

TEST(Generator, ManyConnectionsAreHeldWithoutMessages) {
  const Reference server;
  LoadOptions load = small_load(server.port());
  load.connections = 300;
  load.idle = true;
  const LoadResult result = measure(load);
  EXPECT_EQ(result.opened, 300u);
  EXPECT_EQ(result.opening.count(), 300u);
  EXPECT_EQ(result.lost_count, 0u);
  EXPECT_EQ(result.latency.count(), 0u);
}

TEST(Generator, TheRampSpreadsTheOpening) {
  const Reference server;
  LoadOptions load = small_load(server.port());
  load.ramp = milliseconds(300);
  const LoadResult result = measure(load);
  EXPECT_GE(result.opening_time, milliseconds(225));  // the last of four begins after three quarters
  EXPECT_EQ(result.opened, 4u);
}

TEST(Generator, WhoCannotBeReachedIsNamed) {
  std::uint16_t port = 0;
  {
    asio::io_context context;
    port = (*ws::io::Listener::open(context.get_executor(), {}))->port();
  }
  EXPECT_THAT(measure(small_load(port)).unreachable, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

// A server that answers every request with these octets and ends TCP.
class Answering {
 public:
  explicit Answering(std::string octets) : octets_(std::move(octets)) {
    listener_ = *ws::io::Listener::open(context_.get_executor(), {});
    asio::co_spawn(context_, serve(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() {
    context_.stop();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

 private:
  asio::awaitable<void> serve() {
    while (auto stream = co_await listener_->accept()) {
      ws::Bytes request(4096);
      (void)co_await (*stream)->read_some(request);
      (void)co_await (*stream)->write(ws::as_octets(octets_));
    }
  }

  std::string octets_;
  asio::io_context context_{1};
  std::unique_ptr<ws::io::Listener> listener_;
  std::thread thread_;
};

TEST(Generator, ARefusedOpeningIsToldInTheServersWords) {
  const auto said = [](std::string octets) {
    return measure(small_load(Answering(std::move(octets)).port())).unreachable;
  };
  EXPECT_EQ(said("HTTP/1.1 404 Nothing here\r\nContent-Length: 0\r\n\r\n"),
            "opening handshake: the server refused with status 404 Nothing here");
  EXPECT_EQ(said("HTTP/1.1 503 \r\nContent-Length: 2\r\n\r\nno"),
            "opening handshake: the server refused with status 503");
  EXPECT_THAT(said("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: bm8=\r\n\r\n\x81\x02hi"),
              HasSubstr("Sec-WebSocket-Accept"));
  EXPECT_EQ(said("HTTP/1.1 200"), "opening handshake: the connection ended before it was complete");
}

TEST(Generator, AStopEndsItEarly) {
  const Reference server;
  LoadOptions load = small_load(server.port());
  load.warm_up = milliseconds(0);
  load.duration = std::chrono::seconds(60);
  std::atomic<bool> stop{false};
  const LoadResult result = run_load(load, stop, [&](const Progress& progress) {
    if (progress.phase == Progress::Phase::measuring && progress.messages > 0) stop = true;
  });
  EXPECT_TRUE(result.interrupted);
  EXPECT_GT(result.echoes, 0u);
}

TEST(BenchReport, TextJsonAndPageSayTheSame) {
  const Reference server;
  const LoadOptions load = small_load(server.port());
  const LoadResult result = measure(load);
  const Json json = to_json(load, result, std::chrono::system_clock::time_point{});
  EXPECT_EQ(json.at("load").at("echoes"), result.echoes);
  EXPECT_EQ(json.at("options").at("mode"), "closed loop");
  EXPECT_THAT(summary(load, result), HasSubstr("4 of 4 connections opened"));
  const std::string page = render_page(json);
  EXPECT_THAT(page, HasSubstr(write_json(json.at("load").at("latency_us"))));
  EXPECT_EQ(page.find("{{"), std::string::npos);
}

TEST(BenchReport, LatenciesAndProgressAreReadable) {
  EXPECT_EQ(format_latency(std::chrono::nanoseconds(812'400)), "812 us");
  EXPECT_EQ(format_latency(std::chrono::nanoseconds(6'214'000)), "6.21 ms");
  EXPECT_EQ(format_latency(milliseconds(1200)), "1.20 s");
  const Progress progress{.phase = Progress::Phase::measuring,
                          .opened = 100,
                          .lost = 1,
                          .done = 0.5,
                          .messages = 1234,
                          .p50 = std::chrono::microseconds(50),
                          .p99 = milliseconds(2)};
  EXPECT_EQ(progress_line(progress, 100, 200),
            "[##########----------] measuring  99/100 open, 1 failed  1234/s  P50 50 us  P99 2.00 ms");
  EXPECT_EQ(progress_line(progress, 100, 10).size(), 10u);
}

}  // namespace
}  // namespace touchstone::bench
