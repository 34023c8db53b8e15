// A server as it lives in production, and its tests: ordinary routes beside the WebSockets (/health, and /metrics for
// Prometheus), users who log in by a token, and a log.
#include <gtest/gtest.h>
#include <ws/io/serve/service.h>
#include <ws/testing/matchers.h>
#include <ws/testing/run.h>

#include <cstdio>

namespace {

using namespace ws::testing;

// Prometheus' text format, version 0.0.4.
std::string prometheus(const ws::io::Service& service) {
  std::string text;
  const auto line = [&](const char* name, const char* type, std::uint64_t value) {
    text += std::string("# TYPE chat_") + name + " " + type + "\nchat_" + name + " " + std::to_string(value) + "\n";
  };
  const ws::io::ServiceCounters counters = service.counters();
  line("connections", "gauge", service.connections());
  line("kept_bytes", "gauge", counters.traffic.kept);
  line("connections_total", "counter", counters.opened);
  line("openings_failed_total", "counter", counters.failed);
  line("openings_refused_total", "counter", counters.refused + counters.refused_by_address);
  line("exceptions_total", "counter", counters.exceptions);
  line("idle_dropped_total", "counter", counters.idle_dropped);
  line("messages_received_total", "counter", counters.traffic.messages_received);
  line("messages_sent_total", "counter", counters.traffic.messages_sent);
  line("received_bytes_total", "counter", counters.traffic.octets_received);
  line("sent_bytes_total", "counter", counters.traffic.octets_sent);
  return text;
}

struct User {
  std::string name;
};

class Chat {
 public:
  explicit Chat(const asio::any_io_executor& executor) {
    ws::io::ServiceOptions options;
    options.accept.http = [this](const ws::io::Asking& asking,
                                 const std::string&) -> asio::awaitable<std::optional<ws::io::HttpAnswer>> {
      ws::io::HttpAnswer answer;
      if (asking.request.target == "/health") {
        answer.body = "ok\n";
      } else if (asking.request.target == "/metrics") {
        answer.fields.push_back({"Content-Type", "text/plain; version=0.0.4"});
        answer.body = prometheus(*service_);
      } else {
        answer.status = 404;
      }
      co_return answer;
    };
    options.accept.answer = [](const ws::io::Asking& asking) -> asio::awaitable<ws::io::Answer> {
      ws::io::Answer answer;
      const ws::Field* const token = ws::find_field(asking.request.fields, "Authorization");
      if (token != nullptr && token->value == "Bearer of-anna") {
        answer.value = User{"Anna"};
      } else {
        answer.status = 401;
        answer.fields.push_back({"WWW-Authenticate", "Bearer"});
      }
      co_return answer;
    };
    options.on_failed_opening = [](const ws::io::OpenError& error) { std::puts(error.text.c_str()); };
    options.on_exception = [](const std::exception_ptr&, const std::string& peer) {
      std::printf("the handler of %s threw\n", peer.c_str());
    };
    auto service = ws::io::Service::start(executor, options, greet);
    if (!service) throw std::runtime_error(service.error());
    service_ = std::move(*service);
  }

  static asio::awaitable<void> greet(std::shared_ptr<ws::io::WebSocket> socket) {
    (void)co_await socket->write_text("hello, " + socket->value<User>()->name);
    (void)co_await socket->read();
  }

  [[nodiscard]] ws::Url url() const { return {"127.0.0.1", service_->port()}; }
  [[nodiscard]] ws::io::Service& service() { return *service_; }

 private:
  std::unique_ptr<ws::io::Service> service_;
};

asio::awaitable<std::string> get(const Chat& chat, std::string target) {
  ws::io::DialOptions options;
  options.host = chat.url().host;
  options.port = chat.url().port;
  auto stream = co_await ws::io::dial(options);
  if (!stream) co_return stream.error().text;
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  (void)co_await (*stream)->write(ws::as_octets(request));
  std::string answer;
  std::array<std::byte, 4096> buffer{};
  while (const auto count = co_await (*stream)->read_some(buffer))
    answer += ws::as_text(std::span(buffer).first(*count));
  co_return answer;
}

TEST(Chat, HasRoutesBesideItsConnections) {
  run([]() -> asio::awaitable<void> {
    Chat chat(co_await asio::this_coro::executor);
    EXPECT_THAT(co_await get(chat, "/health"), testing::EndsWith("\r\n\r\nok\n"));
    ws::io::ConnectOptions options;
    EXPECT_EQ((co_await ws::io::connect(chat.url(), options)).error().rejected->status, 401);
    options.extra_fields.push_back({"Authorization", "Bearer of-anna"});
    auto anna = co_await ws::io::connect(chat.url(), options);
    EXPECT_THAT(co_await anna->read(), Echoes("hello, Anna"));
    EXPECT_THAT(co_await get(chat, "/metrics"), testing::AllOf(testing::HasSubstr("\nchat_connections_total 1\n"),
                                                               testing::HasSubstr("\nchat_openings_refused_total 1\n"),
                                                               testing::HasSubstr("\nchat_messages_sent_total 1\n")));
    (void)co_await anna->close();
    (void)co_await chat.service().stop();
  });
}

}  // namespace
