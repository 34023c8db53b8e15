#include "runner/cli/process/driver.h"

#include "runner/cli/print.h"

#include <fmt/core.h>
#include <ws/io/websocket.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <charconv>
#include <memory>

namespace touchstone::cli {
namespace {

// A question's last answer, if there was any; the error is a sentence.
using Answer = std::expected<std::string, std::string>;

class Driver {
 public:
  Driver(const Target& target, DriverOptions options) : target_(target), options_(std::move(options)) {
    while (target_.url.target.ends_with('/')) target_.url.target.pop_back();
  }

  // The error is a sentence.
  asio::awaitable<std::expected<void, std::string>> run() {
    const Answer count = co_await ask("/getCaseCount");
    if (!count) co_return std::unexpected(count.error());
    const auto [end, error] = std::from_chars(count->data(), count->data() + count->size(), last_);
    if (error != std::errc{} || end != count->data() + count->size()) {
      co_return std::unexpected(fmt::format("/getCaseCount was answered with '{}', which is no number", *count));
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto left = std::make_shared<ws::io::Signal>(executor);
    unsigned working = 0;
    for (unsigned i = 1; i < options_.at_once; ++i) {
      ++working;
      asio::co_spawn(executor, run_cases(), [left, &working](std::exception_ptr) {
        --working;
        left->notify_all();
      });
    }
    co_await run_cases();
    while (working > 0) (void)co_await left->wait();
    const Answer reported = co_await ask("/updateReports?agent=" + options_.agent);
    if (!reported) co_return std::unexpected(reported.error());
    co_return std::expected<void, std::string>{};
  }

 private:
  [[nodiscard]] ws::Url url(const std::string& request) const {
    ws::Url url = target_.url;
    url.target += request;
    return url;
  }

  asio::awaitable<void> run_cases() {
    while (next_ < last_) {
      co_await options_.run_case(url(fmt::format("/runCase?case={}&agent={}", ++next_, options_.agent)));
    }
  }

  asio::awaitable<Answer> ask(std::string request) {
    ws::io::ConnectOptions connect;
    connect.tls = target_.tls;
    connect.http = target_.http;
    auto socket = co_await ws::io::connect(url(request), std::move(connect));
    if (!socket) co_return std::unexpected(fmt::format("{}: {}", request, socket.error().text));
    std::string text;
    while (true) {
      auto received = co_await socket->read();
      if (!received || std::holds_alternative<ws::io::Ended>(*received)) break;
      if (auto* said = std::get_if<ws::event::Text>(&*received)) text = std::move(said->data);
    }
    co_return text;
  }

  Target target_;
  DriverOptions options_;
  unsigned next_ = 0, last_ = 0;
};

}  // namespace

Exit drive(const Target& target, DriverOptions options) {
  asio::io_context context{1};
  Driver driver(target, std::move(options));
  Exit exit = Exit::ok;
  asio::co_spawn(context, driver.run(), [&exit](std::exception_ptr, const std::expected<void, std::string>& ended) {
    if (ended) return;
    err("error: {}\n", said(ended.error()));
    exit = Exit::unreachable;
  });
  context.run();
  return exit;
}

}  // namespace touchstone::cli
