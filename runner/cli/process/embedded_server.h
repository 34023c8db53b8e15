// embedded_server.h - the reference echo server in a thread of this process.
#pragma once
#include <ws/core/http/url.h>
#include <ws/io/serve/echo_server.h>

#include <expected>
#include <memory>
#include <string>

namespace touchstone::cli {

class EmbeddedServer {
 public:
  // On a free port of 127.0.0.1; with TLS under a fresh certificate that signs itself.
  [[nodiscard]] static std::expected<std::unique_ptr<EmbeddedServer>, std::string> start(
      bool tls, ws::io::Http http = ws::io::Http::one);

  [[nodiscard]] ws::Url url() const;
  // To trust it; empty without TLS.
  [[nodiscard]] const std::string& certificate_pem() const noexcept { return certificate_pem_; }

 private:
  EmbeddedServer(std::unique_ptr<ws::io::EchoServer> server, std::string certificate_pem)
      : server_(std::move(server)), certificate_pem_(std::move(certificate_pem)) {}

  std::unique_ptr<ws::io::EchoServer> server_;
  std::string certificate_pem_;
};

}  // namespace touchstone::cli
