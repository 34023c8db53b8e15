// authority.h - certificates for servers that clients should trust, and for those that they must not. RFC 5280.
#pragma once
#include <ws/io/net/tls_context.h>

#include <memory>
#include <string>

namespace touchstone::orders {

// An authority that lives in memory, as long as the run. Throws std::runtime_error when OpenSSL cannot make it.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // Of the authority itself: what a client is told to trust.
  [[nodiscard]] const std::string& certificate_pem() const noexcept { return certificate_pem_; }
  // For a server. `names` is a subjectAltName: "DNS:localhost,IP:127.0.0.1". Valid from and to so many days from now.
  [[nodiscard]] ws::io::Identity issue(const std::string& names, int from_days, int to_days) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string certificate_pem_;
};

}  // namespace touchstone::orders
