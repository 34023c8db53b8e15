// A program that overlooks one error, the one that the macro names.
#include <ws/io/websocket.h>

asio::awaitable<void> careless(ws::io::WebSocket& socket) {
#if defined(QUEUE)
  socket.queue(ws::command::Ping{});
#elif defined(CLOSE_READ)
  socket.close_read();
#elif defined(WRITE)
  co_await socket.write_text("x");
#elif defined(DRAIN)
  co_await socket.drain();
#elif defined(FINISH)
  auto writer = co_await socket.start_text();
  co_await writer->finish();
#endif
  (void)socket.queue(ws::command::Ping{});
  (void)co_await socket.write_text("x");
  if (const std::error_code error = co_await socket.write_text("x")) throw std::system_error(error);
}
