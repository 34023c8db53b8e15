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
  // Over which version of HTTP clients may come. Http::either looks at the first octets of each (RFC 9113 3.4);
  // `listen.tls` gets it for ALPN.
  Http http = Http::one;
  std::size_t max_connections = 10'000;  // more clients wait until one leaves
  // Of one address (IPv6: of one /64), from the first octet of TCP on; others from there are refused at once. Behind a
  // proxy, whose address all have: 0, which is no limit.
  std::size_t max_per_address = 1'000;
  // Octets that all connections together may keep: AcceptOptions::account is one with this Account::most, unless the
  // application gave its own. What permessage-deflate needs by itself (about 300 KiB with context takeover) comes on
  // top.
  std::size_t max_memory = 256 * 1024 * 1024;
  // A connection of which nothing came for so long, not even the Pong to a Ping after half of it, is dropped, unless
  // the application itself does not read. kNoLimit: never.
  std::chrono::milliseconds idle{120'000};
  std::chrono::milliseconds drain{5'000};  // that stop() gives the connections to end
  // For the log. Both are called on the executor; what they throw is lost.
  std::function<void(const OpenError&)> on_failed_opening;  // TLS or the opening handshake failed, or we refused
  // What the handler, AcceptOptions::answer or http, or `direct` threw; and of whom, "127.0.0.1 port 80".
  std::function<void(std::exception_ptr, const std::string& peer)> on_exception;
  DirectSockets::OnMessage direct;  // when set, plain sockets are served with it, without a coroutine for each; the
                                    // handler has the others (TLS)
};

// One connection's conversation. When it ends, with or without an exception, the connection is closed (1000; 1011 after
// an exception) unless somebody else keeps the pointer; then it is theirs to close, and lives as long as they keep it.
// Until one of them reads it, the service answers its Pings; what only hubs have takes no messages (1008), for nobody
// would read them. stop() closes it as all others. A handler may drop, close or destroy its connection, the service and
// itself, and so may AcceptOptions::answer, whose exception ends its own connection only.
using Handler = std::function<asio::awaitable<void>(std::shared_ptr<WebSocket>)>;

// What happened since the service was started.
struct ServiceCounters {
  std::uint64_t accepted = 0;            // TCP connections, after TLS
  std::uint64_t opened = 0;              // WebSocket connections
  std::uint64_t refused = 0;             // by status: our answer to a request that was in order
  std::uint64_t failed = 0;              // openings that the client broke or left, TLS included
  std::uint64_t refused_by_address = 0;  // max_per_address
  std::uint64_t http_answered = 0;       // AcceptOptions::http
  std::uint64_t exceptions = 0;          // on_exception
  std::uint64_t idle_dropped = 0;
  Account traffic{};
};

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
  [[nodiscard]] ServiceCounters counters() const;
  // As Listener::use_certificate().
  [[nodiscard]] std::expected<void, std::string> use_certificate(const ServerTls& tls);

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
