// http_request_impl.h - requests that are not for a WebSocket: their head, their body, and an answer. RFC 9110, RFC
// 9112.
#pragma once
#include <ws/io/accept.h>
#include <ws/io/net/wait.h>

namespace ws::io {

// The octets of a stream up to the end of its first head, and some more.
struct FirstHead {
  Bytes octets;
  std::size_t size = 0;                  // of the head
  std::optional<RequestHead> request{};  // nothing: it is no head of a request, or too big
};
[[nodiscard]] asio::awaitable<std::expected<FirstHead, std::error_code>> read_first_head(Stream& stream,
                                                                                         HeadLimits limits,
                                                                                         Clock::time_point until);

// Whether it asks for a WebSocket, rightly or not. RFC 6455 4.2.1
[[nodiscard]] bool asks_for_websocket(const RequestHead& request);

// The body, of which the first octets are there; or our refusal to read it.
[[nodiscard]] asio::awaitable<std::expected<std::string, HttpAnswer>> read_body(Stream& stream, const FirstHead& head,
                                                                                std::size_t most,
                                                                                Clock::time_point until);

// Sends the answer and ends the connection in order. Gives the status that was sent.
[[nodiscard]] asio::awaitable<int> answer_and_end(Stream& stream, const RequestHead& request, HttpAnswer answer,
                                                  Clock::time_point until);

// IMF-fixdate, RFC 9110 5.6.7.
[[nodiscard]] std::string http_date(std::chrono::system_clock::time_point when);

}  // namespace ws::io
