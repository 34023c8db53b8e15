#include "runner/engine/talk/until_set.h"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>

namespace touchstone {

asio::awaitable<void> until_set(const std::atomic<bool>& flag) {
  return until([&flag] { return flag.load(); });
}

asio::awaitable<void> until(std::function<bool()> holds) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!holds()) {
    timer.expires_after(std::chrono::milliseconds(50));
    std::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace touchstone
