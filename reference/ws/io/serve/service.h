// service.h - a WebSocket server for an application's own conversation: accepts, gives each connection to a handler,
// and stops within a deadline.
//
//   auto service = Service::start(executor, options, [](std::shared_ptr<WebSocket> socket) -> asio::awaitable<void>
//   {...}); co_await wait_for_signal(); co_await (*service)->stop();
#pragma once
#include <ws/io/net/listener.h>
#include <ws/io/serve/direct_sockets.h>
#include <ws/io/websocket.h>

namespace ws::io {

struct ServiceOptions {
  ServiceOptions() = default;

  ListenOptions listen;
  AcceptOptions accept;
  std::size_t max_connections = 10'000;    // more clients wait until one leaves
  std::chrono::milliseconds drain{5'000};  // that stop() gives the connections to end
  DirectSockets::OnMessage direct;  // when set, plain sockets are served with it, without a coroutine for each; the
                                    // handler has the others (TLS)
};

// One connection's conversation. When it ends, with or without an exception, the connection is closed (1000; 1011 after
// an exception) unless somebody else keeps the pointer; then it is theirs to close, and lives as long as they keep it.
// Until one of them reads it, the service answers its Pings; what only hubs have takes no messages (1008), for nobody
// would read them. stop() closes it as all others. A handler may drop, close or destroy its connection, the service and
// itself, and so may AcceptOptions::answer, whose exception ends its own connection only.
using Handler = std::function<asio::awaitable<void>(std::shared_ptr<WebSocket>)>;

// How a service stopped.
struct Stopped {
  std::size_t closed = 0;   // connections that ended in time
  std::size_t dropped = 0;  // those that had to be dropped
};

class Service {
 public:
  // Listens and starts to serve on the executor (one thread or strand). The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<Service>, std::string> start(asio::any_io_executor executor,
                                                                                  ServiceOptions options,
                                                                                  Handler handler);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();  // drops what is left

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::size_t connections() const noexcept;  // open, or being opened

  // Accepts nobody any more; sends what waits for the network, then Close with 1001 (RFC 6455 7.4.1: going away), on
  // each connection; waits for the peers' answers and for the handlers; drops what has not ended in time.
  [[nodiscard]] asio::awaitable<Stopped> stop();

 private:
  struct Impl;
  explicit Service(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

// Waits for one of these signals of the process (SIGINT and SIGTERM when none is given) and gives its number.
[[nodiscard]] asio::awaitable<std::expected<int, std::error_code>> wait_for_signal(std::vector<int> signals = {});

}  // namespace ws::io
