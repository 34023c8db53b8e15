// proxy.h - a proxy between a client and its server, and its URL.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ws::io {

struct Proxy {
  enum class Kind : std::uint8_t {
    http,    // HTTP CONNECT: RFC 9110 9.3.6
    socks5,  // RFC 1928; the proxy resolves the names
  };
  Kind kind = Kind::http;
  std::string host{};  // IPv6 without brackets
  std::uint16_t port = 0;
  std::string user{}, password{};  // Basic (RFC 7617), or RFC 1929; no user: none
  bool operator==(const Proxy&) const = default;
};

// "http://host:3128", "socks5://user:password@host": user and password may be percent-encoded (RFC 3986 2.1), the port
// is 80 for http and 1080 for socks5 unless given. The error is a sentence, which does not show the password.
[[nodiscard]] std::expected<Proxy, std::string> parse_proxy(std::string_view url);
// The same the other way round: parse_proxy() of it gives the same proxy.
[[nodiscard]] std::string proxy_url(const Proxy& proxy);

}  // namespace ws::io
