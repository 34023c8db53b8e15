// listener.h - accepting connections over TCP or a Unix socket, with TLS or without, as Streams.
#pragma once
#include <ws/io/net/stream.h>
#include <ws/io/net/tls_context.h>
#include <ws/io/net/wait.h>

#include <functional>

namespace ws::io {

struct ListenOptions {
  ListenOptions() = default;

  std::string host = "127.0.0.1";  // name or address; IPv6 without brackets
  std::uint16_t port = 0;          // 0: any that is free
  std::optional<ServerTls> tls{};
  std::chrono::milliseconds tls_deadline{10'000};  // of one client's TLS handshake
  // A Unix socket, in place of host and port. One that nobody listens on any more is replaced; close() removes it.
  std::string unix_path{};
  bool share_port = false;  // SO_REUSEPORT: several listeners of this user divide the connections among them
  // Asked before anything else is done for a client. Nothing refuses it: TCP ends at once. What is given lives as long
  // as the connection, so that its end can be counted.
  std::function<std::shared_ptr<void>(const PeerAddress&)> admit{};
  std::function<void(const DialError&)> on_tls_failure{};  // of a client's handshake
};

class Listener {
 public:
  // Resolves the name, binds and listens. The error is a sentence ("listen on 127.0.0.1:80: Permission denied").
  [[nodiscard]] static std::expected<std::unique_ptr<Listener>, std::string> open(asio::any_io_executor executor,
                                                                                  ListenOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();  // as close()

  [[nodiscard]] std::uint16_t port() const noexcept;  // 0 of a Unix socket

  // The next client, whose TLS handshake, if any, is done. Handshakes run beside each other, so that a slow client
  // delays nobody; those that fail are dropped. Only close() and cancellation end it: asio::error::operation_aborted.
  [[nodiscard]] asio::awaitable<std::expected<std::unique_ptr<Stream>, std::error_code>> accept();

  // Another certificate for the clients from now on; those that are there keep theirs. The error is a sentence, and
  // then nothing has changed. Only where ListenOptions::tls was given.
  [[nodiscard]] std::expected<void, std::string> use_certificate(const ServerTls& tls);

  // No more clients: the port is free again, accept() ends, handshakes under way are dropped.
  void close() noexcept;

 private:
  struct Impl;
  explicit Listener(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::io
