// http.h - the plain HTTP side of the fuzzing server: one request head in, one whole answer out, both bounded in
// octets and time whatever the client does.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/io/net/stream.h>

#include <asio/awaitable.hpp>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace touchstone::serve {

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<ws::Field> fields = {};  // beside Content-Type and Content-Length
};
// A sentence for people; an error page without the page.
[[nodiscard]] Answer refusal(int status, std::string text);

struct Request {
  ws::RequestHead head;
  ws::Bytes early;  // octets after the head
  // The head breaks the grammar of HTTP, and `head` is what it most likely means: how it was sent, else nothing.
  std::optional<std::string> malformed{};
};
// The error is what to answer; nothing when there is nobody left to answer to.
[[nodiscard]] asio::awaitable<std::expected<Request, std::optional<Answer>>> read_request(
    ws::io::Stream& stream, std::chrono::milliseconds limit);

// Sends it and ends the connection in order, so that the client gets all of it (RFC 9112 9.6).
[[nodiscard]] asio::awaitable<void> respond(ws::io::Stream& stream, Answer answer, bool head_only = false);

// The same request without what a strict server would refuse, where it is clear what it asks for: for the questions of
// a driver, that are no case. The stream gives the client the Accept that belongs to the key that it sent.
[[nodiscard]] std::unique_ptr<ws::io::Stream> mended(std::unique_ptr<ws::io::Stream> inner, Request& request);

// A stream that gives `early` before what comes from `inner`: for who reads the request's head once more.
[[nodiscard]] std::unique_ptr<ws::io::Stream> with_early(std::unique_ptr<ws::io::Stream> inner, ws::Bytes early);

}  // namespace touchstone::serve
