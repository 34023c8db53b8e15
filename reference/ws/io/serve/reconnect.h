// reconnect.h - connecting again when there is no connection, or no more. RFC 6455 7.2.3.
#pragma once
#include <ws/io/serve/backoff.h>
#include <ws/io/websocket.h>

namespace ws::io {

// Whether another attempt may bring something else: the server could not be reached or was overloaded (408, 425, 429,
// 500, 502, 503, 504). Not after any other refusal, a broken rule, a certificate that is not trusted, or cancellation.
[[nodiscard]] bool worth_retrying(const OpenError& error) noexcept;

struct ReconnectOptions {
  ReconnectOptions() = default;

  BackoffOptions backoff;
  int attempts = 0;                                              // that may fail one after the other; 0: no limit
  std::chrono::milliseconds lasting = std::chrono::seconds(10);  // a connection that lived so long was a success
  std::function<bool(const OpenError&)> retry = worth_retrying;
  // Told of each attempt that failed, with the wait before the next one.
  std::function<void(const OpenError&, std::chrono::milliseconds wait)> on_failure;

  // Time and randomness; a test puts its own here.
  std::function<double()> random;  // from 0 up to, but not including, 1
  std::function<Clock::time_point()> now = Clock::now;
  // Ends with an error when it is cancelled.
  std::function<asio::awaitable<std::error_code>(std::chrono::milliseconds)> sleep;
};

// Tries until there is a connection. A Retry-After field (RFC 9110 10.2.3, in seconds) makes a wait longer, up to
// BackoffOptions::longest. The error is that of the last attempt.
[[nodiscard]] asio::awaitable<std::expected<WebSocket, OpenError>> connect_patiently(Url url, ConnectOptions options,
                                                                                     ReconnectOptions again);

// What is done with a connection; ends with whether another one is wanted when it has ended.
using Use = std::function<asio::awaitable<bool>(WebSocket&)>;
// Connects, uses, waits, and connects again, until `use` says that it is enough (nothing) or an attempt fails for good.
// When a connection did not last, the waits go on growing.
[[nodiscard]] asio::awaitable<std::optional<OpenError>> keep_connected(Url url, ConnectOptions options,
                                                                       ReconnectOptions again, Use use);

}  // namespace ws::io
