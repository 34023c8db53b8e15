// echo_client.h - a WebSocket client that sends every message back: the reference as a client under test.
#pragma once
#include <ws/io/websocket.h>

namespace ws::io {

// Connects, echoes until the connection ends, and tells how it ended.
[[nodiscard]] asio::awaitable<std::expected<Ended, OpenError>> run_echo_client(Url url, ConnectOptions options);

}  // namespace ws::io
