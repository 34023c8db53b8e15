// json.h - messages that are JSON texts (RFC 8259), through nlohmann/json, which only its users need.
#pragma once
#include <ws/io/websocket.h>

#include <nlohmann/json.hpp>

namespace ws::io {

// Why there is no value.
struct JsonError {
  std::optional<Ended> ended{};  // the connection did
  std::error_code code{};        // of read(); UseError::wrong_kind: a binary message
  std::string text{};            // for people: what it is, and where in the message
};

// The next message as a value. One that is no JSON text is taken and told of; the connection goes on.
[[nodiscard]] inline asio::awaitable<std::expected<nlohmann::json, JsonError>> read_json(
    WebSocket& socket, std::chrono::milliseconds limit = kNoLimit) {
  auto received = co_await socket.read(limit);
  JsonError failed;
  if (!received) {
    failed.code = received.error();
    failed.text = failed.code.message();
  } else if (auto* const ended = std::get_if<Ended>(&*received)) {
    failed.text = "the connection ended with " + std::to_string(ended->code);
    failed.ended = std::move(*ended);
  } else if (const auto* const text = std::get_if<event::Text>(&*received)) {
    try {
      co_return nlohmann::json::parse(text->data);
    } catch (const nlohmann::json::exception& error) {
      failed.text = error.what();
    }
  } else {
    failed.code = make_error_code(UseError::wrong_kind);
    failed.text = "a binary message is no JSON text";
  }
  co_return std::unexpected(std::move(failed));
}

// The same as any type that nlohmann/json converts to.
template <class Value>
[[nodiscard]] asio::awaitable<std::expected<Value, JsonError>> read_json_as(
    WebSocket& socket, std::chrono::milliseconds limit = kNoLimit) {
  auto json = co_await read_json(socket, limit);
  if (!json) co_return std::unexpected(std::move(json.error()));
  JsonError failed;
  try {
    co_return json->template get<Value>();
  } catch (const nlohmann::json::exception& error) {
    failed.text = error.what();
  }
  co_return std::unexpected(std::move(failed));
}

// As write_text(). Strings inside that are not UTF-8 are Misuse::text_not_utf8.
[[nodiscard]] inline asio::awaitable<Result> write_json(WebSocket& socket, nlohmann::json value,
                                                        std::chrono::milliseconds limit = kNoLimit) {
  std::string text;
  bool dumped = true;
  try {
    text = value.dump();
  } catch (const nlohmann::json::type_error&) {
    dumped = false;
  }
  if (!dumped) co_return make_error_code(Misuse::text_not_utf8);
  co_return co_await socket.write_text(std::move(text), limit);
}

}  // namespace ws::io
