#include "runner/cli/process/embedded_server.h"

#include <fmt/core.h>

#include <stdexcept>

namespace touchstone::cli {

std::expected<std::unique_ptr<EmbeddedServer>, std::string> EmbeddedServer::start(bool tls, ws::io::Http http) {
  ws::io::EchoOptions options;
  options.http = http;
  // The run is over when it is stopped; who is still connected then is nobody's loss.
  options.drain = std::chrono::milliseconds(200);
  std::string certificate;
  if (tls) {
    try {
      const ws::io::Identity identity = ws::io::self_signed("localhost");
      certificate = identity.certificate_pem;
      ws::io::ServerTls& server_tls = options.listen.tls.emplace();
      server_tls.certificate_pem = identity.certificate_pem;
      server_tls.private_key_pem = identity.private_key_pem;
    } catch (const std::runtime_error& error) {
      return std::unexpected(fmt::format("no certificate for the embedded server: {}", error.what()));
    }
  }
  auto server = ws::io::EchoServer::start(std::move(options));
  if (!server) return std::unexpected("the embedded server: " + server.error());
  return std::unique_ptr<EmbeddedServer>(new EmbeddedServer(std::move(*server), std::move(certificate)));
}

ws::Url EmbeddedServer::url() const { return {!certificate_pem_.empty(), "127.0.0.1", server_->port()}; }

}  // namespace touchstone::cli
