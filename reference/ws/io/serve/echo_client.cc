// echo_client.cc - the client that sends every message back.
#include <ws/io/serve/echo_client.h>
#include <ws/io/serve/echo_server.h>

namespace ws::io {

asio::awaitable<std::expected<Ended, OpenError>> run_echo_client(Url url, ConnectOptions options) {
  auto socket = co_await connect(std::move(url), std::move(options));
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  auto ended = co_await echo(*socket);
  if (ended) co_return std::move(*ended);
  Ended aborted;
  aborted.error = ended.error();
  co_return std::move(aborted);
}

}  // namespace ws::io
