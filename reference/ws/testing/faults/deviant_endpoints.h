// deviant_endpoints.h - deviant peers on real connections: a server, and one connection of a client.
#pragma once
#include <ws/core/http/url.h>
#include <ws/io/net/listener.h>
#include <ws/testing/faults/deviant.h>

#include <thread>

namespace ws::testing {

// Echoes in a thread of its own, with these faults, until it is destroyed.
class DeviantServer {
 public:
  // The error is a sentence ("listen on ...").
  [[nodiscard]] static std::expected<std::unique_ptr<DeviantServer>, std::string> start(FaultSet faults,
                                                                                        io::ListenOptions listen,
                                                                                        io::Http http = io::Http::one);
  DeviantServer(const DeviantServer&) = delete;
  DeviantServer& operator=(const DeviantServer&) = delete;
  ~DeviantServer();

  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct Impl;
  explicit DeviantServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

// Echoes with the faults of `options` on a connection that is there, until TCP ends. What a server leaves behind after
// a connection (Fault::keeps_memory and its like) is not done here.
[[nodiscard]] asio::awaitable<void> echo_with_faults(io::Stream& stream, DeviantOptions options);

// Connects, echoes with these faults until TCP ends. The error is a sentence.
[[nodiscard]] asio::awaitable<std::expected<void, std::string>> run_deviant_client(Url url, FaultSet faults,
                                                                                   io::TlsOptions tls,
                                                                                   io::Http http = io::Http::one);

}  // namespace ws::testing
