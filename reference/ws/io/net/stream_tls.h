// stream_tls.h - a Stream that is TLS 1.2 or 1.3 over another one. RFC 5246, RFC 8446.
//
// OpenSSL sees only memory; this class moves the octets. So reading and writing never wait for each other,
// close_notify goes out without waiting for the peer's, and an input that ends without close_notify (truncation:
// asio::ssl::error::stream_truncated) is told apart from one that ends in order (asio::error::eof).
#pragma once
#include <ws/io/net/stream.h>
#include <ws/io/net/tls_context.h>

namespace ws::io {

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> under, SslPtr session);
  ~TlsStream() override;

  // Before anything else. The client or server side of it, as the session was made.
  [[nodiscard]] asio::awaitable<std::error_code> handshake();
  [[nodiscard]] ssl_st* session() noexcept { return session_.get(); }

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override { under_->reset(); }
  void close() noexcept override { under_->close(); }

  [[nodiscard]] asio::any_io_executor executor() override { return under_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return under_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return under_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return true; }
  [[nodiscard]] PeerAddress peer_address() const override { return under_->peer_address(); }
  [[nodiscard]] std::optional<Certificate> peer_certificate() const override {
    return verified_certificate(session_.get());
  }
  [[nodiscard]] std::string_view protocol() const noexcept override;

  struct Pipe;  // between OpenSSL and the stream below

 private:
  asio::awaitable<std::error_code> fill();
  asio::awaitable<std::error_code> flush();
  void send_alert() noexcept;

  std::unique_ptr<Stream> under_;
  std::unique_ptr<Pipe> pipe_;  // outlives session_, whose BIO refers to it
  SslPtr session_;
};

}  // namespace ws::io
