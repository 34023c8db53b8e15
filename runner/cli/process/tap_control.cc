#include "runner/cli/process/tap_control.h"

#include "runner/engine/talk/rethrown.h"
#include "runner/serve/http.h"

#include <fmt/format.h>
#include <ws/core/http/http1.h>

#include <asio/co_spawn.hpp>

#include <algorithm>
#include <charconv>

namespace touchstone::cli {
namespace {

constexpr std::chrono::seconds kLimit{10};
constexpr std::size_t kLargest = 1024 * 1024;

std::size_t length_of(const ws::RequestHead& head) {
  const auto* field = ws::find_field(head.fields, "Content-Length");
  std::size_t length = 0;
  if (field != nullptr) std::from_chars(field->value.data(), field->value.data() + field->value.size(), length);
  return std::min(length, kLargest);
}

serve::Answer json_answer(int status, const Json& json) {
  serve::Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = json.dump() + "\n";
  return answer;
}

// A page of another site must not steer it: a browser says where a request comes from (RFC 6454 7).
bool comes_from_a_page(const ws::RequestHead& head) { return ws::find_field(head.fields, "Origin") != nullptr; }

}  // namespace

std::expected<std::unique_ptr<TapControl>, std::string> TapControl::open(asio::any_io_executor executor,
                                                                         std::uint16_t port, tap::Tap& tap) {
  ws::io::ListenOptions listen;
  listen.port = port;
  auto listener = ws::io::Listener::open(executor, listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  std::unique_ptr<TapControl> control(new TapControl(std::move(*listener), tap));
  asio::co_spawn(executor, control->accept_all(executor), rethrown);
  return control;
}

std::string TapControl::url() const { return fmt::format("http://127.0.0.1:{}/", listener_->port()); }

asio::awaitable<void> TapControl::accept_all(asio::any_io_executor executor) {
  while (auto stream = co_await listener_->accept()) asio::co_spawn(executor, serve(std::move(*stream)), rethrown);
}

asio::awaitable<void> TapControl::serve(std::unique_ptr<ws::io::Stream> stream) {
  auto request = co_await serve::read_request(*stream, kLimit);
  if (!request) {
    if (request.error()) co_await serve::respond(*stream, *request.error());
    co_return;
  }
  serve::Answer answer = json_answer(200, tap_.status());
  if (comes_from_a_page(request->head)) {
    answer = json_answer(403, {{"error", "no commands from web pages"}});
  } else if (request->head.method == "POST") {
    ws::Bytes body = std::move(request->early), buffer(16 * 1024);
    const std::size_t length = length_of(request->head);
    while (body.size() < length) {
      const auto n = co_await stream->read_some(buffer);
      if (!n) co_return;
      ws::append(body, std::span(buffer).first(*n));
    }
    const auto done = tap_.command(ws::as_text(body));
    if (!done) answer = json_answer(400, {{"error", done.error().front().text()}});
  }
  co_await serve::respond(*stream, std::move(answer));
}

}  // namespace touchstone::cli
