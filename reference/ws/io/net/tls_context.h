// tls_context.h - what OpenSSL is told: protocol versions, whom to trust, who we are. RFC 8446, RFC 6066 3, RFC 6125,
// RFC 7301.
#pragma once
#include <ws/io/net/stream.h>

#include <memory>

struct ssl_st;  // OpenSSL's SSL and SSL_CTX: their headers stay out of ours.
struct ssl_ctx_st;

namespace ws::io {

struct SslFree {
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
};
using SslPtr = std::unique_ptr<ssl_st, SslFree>;
using SslContextPtr = std::shared_ptr<ssl_ctx_st>;

// Who a server is, and whom it asks for a certificate. Give the certificate chain and its key as files or as text.
struct ServerTls {
  std::string certificate_file, private_key_file;  // PEM
  std::string certificate_pem, private_key_pem;
  std::string client_ca_file, client_ca_pem;  // when given, clients must show a certificate signed by these
  Http http = Http::one;                      // what ALPN agrees on: http/1.1, h2, or h2 where a client offers both
};

// ALPN (RFC 7301) is as `http` says: a client offers those, and a server takes no client that offers only others. A
// client that offers nothing is taken; it speaks HTTP/1.1. The error is a sentence that names the file and what OpenSSL
// says of it.
[[nodiscard]] std::expected<SslContextPtr, std::string> client_context(const TlsOptions& options);
[[nodiscard]] std::expected<SslContextPtr, std::string> server_context(const ServerTls& options);

// One connection's state. `name` is what the certificate must be valid for, and SNI unless it is an address.
[[nodiscard]] SslPtr client_session(const SslContextPtr& context, const std::string& name, bool insecure);
[[nodiscard]] SslPtr server_session(const SslContextPtr& context);

// The peer's, when it has shown one and it was verified.
[[nodiscard]] std::optional<Certificate> verified_certificate(ssl_st* session);

// Why the handshake failed: the verification's verdict if there is one, otherwise the error's message.
[[nodiscard]] std::string describe_tls_failure(ssl_st* session, const std::error_code& error);

// A certificate for `name`, localhost, 127.0.0.1 and ::1 that signs itself, and its key (P-256). PEM; valid for ten
// years. A client trusts it by TlsOptions::ca_pem. Throws std::runtime_error when OpenSSL cannot make it.
struct Identity {
  std::string certificate_pem, private_key_pem;
};
[[nodiscard]] Identity self_signed(const std::string& name);

}  // namespace ws::io
