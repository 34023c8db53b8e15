// reconnect.cc - attempts and waits, in turn. RFC 6455 7.2.3.
#include <ws/io/net/random.h>
#include <ws/io/serve/reconnect.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <charconv>
#include <cstring>

namespace ws::io {
namespace {

double random_share() {
  std::uint32_t bits = 0;
  fill_random(std::as_writable_bytes(std::span(&bits, 1)));
  return bits / 4294967296.0;
}

asio::awaitable<std::error_code> sleep_for(std::chrono::milliseconds wait) {
  Signal nothing(co_await asio::this_coro::executor);
  const auto woken = co_await nothing.wait(deadline_after(wait));
  co_return woken == asio::error::timed_out ? std::error_code{} : woken;
}

ReconnectOptions completed(ReconnectOptions again) {
  if (!again.random) again.random = random_share;
  if (!again.sleep) again.sleep = sleep_for;
  return again;
}

std::chrono::milliseconds asked_for(const OpenError& error, std::chrono::milliseconds longest) {
  const Field* const field = error.rejected ? find_field(error.rejected->fields, "Retry-After") : nullptr;
  if (field == nullptr) return {};
  std::uint32_t seconds = 0;
  const char* const end = field->value.data() + field->value.size();
  const auto read = std::from_chars(field->value.data(), end, seconds);
  if (read.ec != std::errc() || read.ptr != end) return {};
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), longest);
}

// Attempts, until one succeeds or there is no use in more.
asio::awaitable<std::expected<WebSocket, OpenError>> attempt(const Url& url, const ConnectOptions& options,
                                                             const ReconnectOptions& again, Backoff& backoff) {
  for (int failed = 1;; ++failed) {
    auto socket = co_await connect(url, options);
    if (socket || !again.retry(socket.error()) || failed == again.attempts) co_return std::move(socket);
    const auto wait = std::max(backoff.next(), asked_for(socket.error(), again.backoff.longest));
    if (again.on_failure) again.on_failure(socket.error(), wait);
    if (const auto error = co_await again.sleep(wait)) {
      socket.error().code = error;
      co_return std::move(socket);
    }
  }
}

}  // namespace

bool worth_retrying(const OpenError& error) noexcept {
  if (error.rejected) {
    constexpr std::array kPassing = {408, 425, 429, 500, 502, 503, 504};
    return std::ranges::find(kPassing, error.rejected->status) != kPassing.end();
  }
  if (error.violation || error.code == asio::error::operation_aborted) return false;
  // A server that is down, or a proxy on the way, may come back; a certificate does not become a better one.
  if (error.stage) return *error.stage != DialStage::tls || error.code == asio::error::timed_out;
  const bool our_own_request = &error.code.category() == &make_error_code(Misuse::field_malformed).category();
  return !our_own_request;
}

asio::awaitable<std::expected<WebSocket, OpenError>> connect_patiently(Url url, ConnectOptions options,
                                                                       ReconnectOptions given) {
  const ReconnectOptions again = completed(std::move(given));
  Backoff backoff(again.backoff, again.random);
  co_return co_await attempt(url, options, again, backoff);
}

asio::awaitable<std::optional<OpenError>> keep_connected(Url url, ConnectOptions options, ReconnectOptions given,
                                                         Use use) {
  const ReconnectOptions again = completed(std::move(given));
  Backoff backoff(again.backoff, again.random);
  while (true) {
    auto socket = co_await attempt(url, options, again, backoff);
    if (!socket) co_return std::move(socket.error());
    const auto since = again.now();
    const bool more = co_await use(*socket);
    if (!more) co_return std::nullopt;
    socket->drop();
    if (again.now() - since >= again.lasting) backoff.reset();
    if (const auto error = co_await again.sleep(backoff.next())) {
      OpenError stopped;
      stopped.code = error;
      stopped.text = "waiting to connect again: " + error.message();
      co_return std::move(stopped);
    }
  }
}

}  // namespace ws::io
