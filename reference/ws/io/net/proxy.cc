// proxy.cc - the text of a proxy to its parts.
#include <ws/core/http/url.h>
#include <ws/io/net/proxy.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace ws::io {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

// RFC 3986 2.3: all but the unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80 && (std::isalnum(octet) != 0 || std::string_view("-._~").contains(c))) {
      encoded += c;
    } else {
      encoded += {'%', kHex[octet >> 4], kHex[octet & 15]};
    }
  }
  return encoded;
}

}  // namespace

std::expected<Proxy, std::string> parse_proxy(std::string_view url) {
  Proxy proxy;
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(std::string_view("http://").size());
  } else if (rest.starts_with("socks5://")) {
    rest.remove_prefix(std::string_view("socks5://").size());
    proxy.kind = Proxy::Kind::socks5;
  } else {
    return std::unexpected("a proxy's URL starts with http:// or socks5://");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view userinfo = rest.substr(0, at);
    const auto colon = std::min(userinfo.find(':'), userinfo.size());
    auto user = percent_decoded(userinfo.substr(0, colon));
    auto password = percent_decoded(userinfo.substr(std::min(colon + 1, userinfo.size())));
    if (!user || user->empty() || !password) return std::unexpected("user or password of the proxy cannot be read");
    proxy.user = std::move(*user);
    proxy.password = std::move(*password);
    rest.remove_prefix(at + 1);
  }
  // Host and port are those of any URL; where the default port shows, none was given.
  const std::string address(rest);
  const auto parsed = parse_url("ws://" + address), secure = parse_url("wss://" + address);
  if (!parsed || !secure || parsed->target != "/")
    return std::unexpected("the proxy's address " + address + " is not host or host:port");
  proxy.host = parsed->host;
  const bool given = parsed->port == secure->port;
  proxy.port = proxy.kind == Proxy::Kind::socks5 && !given ? 1080 : parsed->port;
  return proxy;
}

std::string proxy_url(const Proxy& proxy) {
  std::string url = proxy.kind == Proxy::Kind::http ? "http://" : "socks5://";
  if (!proxy.user.empty()) url += percent_encoded(proxy.user) + ":" + percent_encoded(proxy.password) + "@";
  url += proxy.host.contains(':') ? "[" + proxy.host + "]" : proxy.host;
  return url + ":" + std::to_string(proxy.port);
}

}  // namespace ws::io
