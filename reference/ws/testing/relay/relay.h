// relay.h - an intermediary for WebSockets: a gateway for HTTP/1.1 that becomes a tunnel after a 101, as RFC 9110 and
// RFC 9112 ask it to be; or one with a single fault.
//
// It is what a test of intermediaries is tested with. Each request has a connection of its own to the server; contents
// are forwarded when they are whole.
#pragma once
#include <ws/io/net/listener.h>
#include <ws/testing/relay/relay_faults.h>

#include <expected>
#include <memory>
#include <string>

namespace ws::testing {

class RelayServer {
 public:
  struct Server {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
  };
  // Serves in a thread of its own, until it is destroyed. The error is a sentence ("listen on ...").
  [[nodiscard]] static std::expected<std::unique_ptr<RelayServer>, std::string> start(RelayFault fault,
                                                                                      io::ListenOptions listen,
                                                                                      Server server);
  RelayServer(const RelayServer&) = delete;
  RelayServer& operator=(const RelayServer&) = delete;
  ~RelayServer();

  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct Impl;
  explicit RelayServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws::testing
