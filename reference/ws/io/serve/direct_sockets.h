// direct_sockets.h - many open connections on plain sockets, served without a coroutine, a timer or a buffer for each.
//
// This is the fast way, and the one place for its tricks: the sockets are in an epoll set of their own, which Asio sees
// as a single descriptor; all of them share one input buffer; a message is read, answered and written in one go. Its
// plain twin, which does the same with a WebSocket and a coroutine, is echo() of echo_server.h; direct_sockets_test.cc
// holds one against the other. Linux only; elsewhere adopt() takes nothing, so that each connection has its coroutine.
#pragma once
#include <ws/io/websocket.h>

namespace ws::io {

// Belongs to one executor (one thread or strand) and is not locked.
class DirectSockets {
 public:
  // A message, which is there during the call. What is submitted to the connection goes out when the call has returned.
  // Both functions may end any connection, all of them, or this object. One that throws ends its own connection with
  // 1011 (RFC 6455 7.4.1), and no other; one that moves the connection away ends TCP.
  using OnMessage = std::function<void(Connection&, const MessageView&)>;
  using OnEnd = std::function<void()>;  // a connection is no more; what it throws is lost

  using OnException = std::function<void(std::exception_ptr)>;  // what on_message threw, when its connection was failed

  DirectSockets(asio::any_io_executor executor, OnMessage on_message, OnEnd on_end, OnException on_exception = {});
  DirectSockets(const DirectSockets&) = delete;
  DirectSockets& operator=(const DirectSockets&) = delete;
  ~DirectSockets();  // drops all; on_end is not called any more

  // Takes over an open connection on which no other operation is under way. False when it cannot be, and `socket` goes
  // on as it was: the stream is no plain socket, the connection is not open, something waits to be read or written, or
  // the system has no descriptor left. When this operation is cancelled, the connection is dropped.
  [[nodiscard]] asio::awaitable<bool> adopt(WebSocket& socket);

  [[nodiscard]] std::size_t size() const noexcept;
  // Begins the closing handshake on all of them (RFC 6455 7.1.2); Limits::close bounds it.
  void close(std::uint16_t code, std::string_view reason);
  // Called from time to time: a connection of which nothing came between two calls is sent a Ping after so many calls,
  // and dropped after so many. Gives how many were dropped.
  std::size_t sweep(unsigned ping_after, unsigned drop_after);
  // Ends TCP without ceremony on all of them.
  void drop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::io
