// echo_server.h - a WebSocket server that sends every message back: the reference as an endpoint under test.
#pragma once
#include <ws/io/serve/service.h>

#include <thread>

namespace ws::io {

// An echo gives nobody a privilege, so it serves every origin; and it takes what the core takes.
[[nodiscard]] inline AcceptOptions open_to_all() {
  AcceptOptions options;
  options.connection = Options();
  options.origins = any_origin();
  return options;
}

struct EchoOptions {
  EchoOptions() = default;

  ListenOptions listen;
  Http http = Http::one;                   // as ServiceOptions::http
  AcceptOptions accept = open_to_all();    // limits, permessage-deflate, subprotocols
  std::size_t max_connections = 10'000;    // per thread; more clients wait until one leaves
  bool direct = true;                      // plain sockets by DirectSockets; otherwise, as TLS always, by echo()
  std::chrono::milliseconds drain{5'000};  // that stop() gives the clients to end
};

// Sends back what comes, in order, until the connection ends; gives how it ended. A message goes back when it is
// complete; while the peer does not read, nothing is read from it.
[[nodiscard]] asio::awaitable<std::expected<Ended, std::error_code>> echo(WebSocket& socket);

// A service that echoes, on the executor (one thread or strand). The error is a sentence.
[[nodiscard]] std::expected<std::unique_ptr<Service>, std::string> start_echo(asio::any_io_executor executor,
                                                                              EchoOptions options);

// Serves in threads of its own.
class EchoServer {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<EchoServer>, std::string> start(EchoOptions options,
                                                                                     unsigned threads = 1);
  ~EchoServer();  // as stop()

  [[nodiscard]] std::uint16_t port() const noexcept;
  void stop();  // as Service::stop(); returns when the threads have ended. From any thread but its own.

 private:
  struct Worker;
  EchoServer();
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace ws::io
