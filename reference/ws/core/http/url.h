// url.h - RFC 6455 3: ws and wss URIs.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ws {

// Not an aggregate: g++ 12 destroys a braced one twice that is made within co_await. Without `with_tls`: ws.
struct Url {
  Url() = default;
  Url(bool with_tls, std::string host_or_address, std::uint16_t at, std::string path = "/")
      : secure(with_tls), host(std::move(host_or_address)), port(at), target(std::move(path)) {}
  Url(std::string host_or_address, std::uint16_t at, std::string path = "/")
      : Url(false, std::move(host_or_address), at, std::move(path)) {}

  bool secure = false;      // wss
  std::string host;         // IPv6 addresses without brackets
  std::uint16_t port = 80;  // 443 for wss unless given
  std::string target;       // path and query, starts with '/'
  bool operator==(const Url&) const = default;
};

// The error is a sentence for people that names the part at fault. Userinfo and fragments are refused.
[[nodiscard]] std::expected<Url, std::string> parse_url(std::string_view text);

[[nodiscard]] std::string to_string(const Url& url);
// The Host field: brackets around IPv6, the port unless it is the scheme's default. RFC 6455 4.1.
[[nodiscard]] std::string host_field(const Url& url);

}  // namespace ws
