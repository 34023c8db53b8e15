// url.cc - RFC 6455 3, RFC 3986 3: from text to the parts that a client connects with, and back.
#include <arpa/inet.h>
#include <ws/core/bytes.h>
#include <ws/core/http/http1.h>
#include <ws/core/http/url.h>

#include <algorithm>
#include <charconv>

namespace ws {
namespace {

constexpr std::uint16_t default_port(bool secure) noexcept { return secure ? 443 : 80; }  // RFC 6455 3

constexpr bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// RFC 3986 2.2, 2.3: what may stand for itself in every part: unreserved / sub-delims.
constexpr bool is_plain(char c) noexcept {
  return is_alpha(c) || is_digit(c) || std::string_view("-._~!$&'()*+,;=").contains(c);
}

std::string quoted(std::string_view text) { return "'" + one_line(text) + "'"; }

std::string printable(char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (c > ' ' && c < '\x7f') return quoted({&c, 1});
  const auto octet = static_cast<unsigned char>(c);
  return std::string("the octet 0x") + kHex[octet >> 4] + kHex[octet & 15];
}

// The first thing in `text` that is neither plain, nor one of `extra`, nor a percent-encoded octet
// (RFC 3986 2.1), as the end of a sentence; empty when all is well.
std::string fault(std::string_view text, std::string_view extra) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
        return "has a '%' that two hexadecimal digits do not follow";
      i += 2;
    } else if (!is_plain(text[i]) && !extra.contains(text[i])) {
      return "contains " + printable(text[i]) + ", which must be percent-encoded";
    }
  }
  return {};
}

// RFC 3986 3.2.3. An empty port is the default one.
std::expected<std::uint16_t, std::string> parse_port(std::string_view text, bool secure) {
  if (text.empty()) return default_port(secure);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return std::unexpected("the port " + quoted(text) + " is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(value);
}

struct HostPort {
  std::string_view host, port;
};

// RFC 3986 3.2.2: an IPv6 address stands in brackets. Zone identifiers and future versions are refused.
std::expected<HostPort, std::string> split_bracketed(std::string_view authority) {
  const auto end = authority.find(']');
  if (end == std::string_view::npos) return std::unexpected("the host starts with '[', but has no closing ']'");
  const auto host = authority.substr(1, end - 1);
  in6_addr address;
  if (host.contains('\0') || ::inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1)
    return std::unexpected("the host " + quoted(host) + " in brackets is not an IPv6 address");
  const auto rest = authority.substr(end + 1);
  if (rest.empty()) return HostPort{host, {}};
  if (rest.front() != ':') return std::unexpected("after the host's ']' stands " + quoted(rest) + ", not a port");
  return HostPort{host, rest.substr(1)};
}

std::expected<HostPort, std::string> split_authority(std::string_view authority) {
  // RFC 6455 3: the grammar has no userinfo.
  if (authority.contains('@'))
    return std::unexpected("the URL has a user name or password before '@', which WebSocket URLs do not have");
  if (authority.starts_with('[')) return split_bracketed(authority);
  const auto colon = authority.find(':');
  if (colon != authority.rfind(':'))
    return std::unexpected("the host has more than one ':'; an IPv6 address must stand in brackets");
  const auto host = authority.substr(0, colon);
  if (host.empty()) return std::unexpected("the host is missing");
  if (const auto wrong = fault(host, ""); !wrong.empty()) return std::unexpected("the host " + wrong);
  return HostPort{host, colon == std::string_view::npos ? std::string_view{} : authority.substr(colon + 1)};
}

}  // namespace

std::expected<Url, std::string> parse_url(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    return std::unexpected("the scheme is missing: the URL must start with ws:// or wss://");
  Url url;
  const auto scheme = text.substr(0, scheme_end);
  url.secure = equals_ignoring_case(scheme, "wss");  // RFC 3986 3.1: schemes compare without case
  if (!url.secure && !equals_ignoring_case(scheme, "ws"))
    return std::unexpected("the scheme is " + quoted(scheme) + ", not ws or wss");

  // RFC 6455 3: fragment identifiers are meaningless; a '#' in the path must be written %23.
  if (text.contains('#')) return std::unexpected("the URL has a fragment ('#'), which WebSocket URLs do not have");

  const auto rest = text.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const auto parts = split_authority(rest.substr(0, authority_end));
  if (!parts) return std::unexpected(parts.error());
  const auto port = parse_port(parts->port, url.secure);
  if (!port) return std::unexpected(port.error());
  url.host = parts->host;
  url.port = *port;

  const auto target = rest.substr(authority_end);
  const auto query = std::min(target.find('?'), target.size());
  if (const auto wrong = fault(target.substr(0, query), ":@/"); !wrong.empty())
    return std::unexpected("the path " + wrong);
  if (const auto wrong = fault(target.substr(query), ":@/?"); !wrong.empty())
    return std::unexpected("the query " + wrong);
  // RFC 6455 3: the resource name starts with "/" when the path is empty.
  if (!target.starts_with('/')) url.target.push_back('/');
  url.target += target;
  return url;
}

std::string host_field(const Url& url) {
  std::string text = url.host;
  if (url.host.contains(':')) text = std::string("[").append(url.host).append("]");
  if (url.port != default_port(url.secure)) text.append(":").append(std::to_string(url.port));
  return text;
}

std::string to_string(const Url& url) { return (url.secure ? "wss://" : "ws://") + host_field(url) + url.target; }

}  // namespace ws
