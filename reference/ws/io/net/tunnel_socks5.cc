// tunnel_socks5.cc - SOCKS5 with and without a password. RFC 1928, RFC 1929.
#include <ws/io/net/tunnel.h>

#include <asio/ip/address.hpp>

namespace ws::io {
namespace {

using Proceeded = std::expected<void, std::string>;

constexpr std::byte kVersion{5}, kAuthVersion{1};                             // RFC 1928 3, RFC 1929 2
constexpr std::byte kNoAuth{0x00}, kUserPassword{0x02}, kNoneAccepted{0xFF};  // RFC 1928 3
constexpr std::byte kConnect{1}, kIpv4{1}, kName{3}, kIpv6{4};                // RFC 1928 4, 5
constexpr std::size_t kMaxText = 255;                                         // of a name, user or password

std::byte octet(std::size_t value) { return static_cast<std::byte>(value & 0xFF); }

std::string reply_text(std::byte reply) {  // RFC 1928 6
  constexpr std::array<std::string_view, 9> kTexts = {
      "succeeded",           "general failure",       "connection not allowed by its rules",
      "network unreachable", "host unreachable",      "connection refused",
      "TTL expired",         "command not supported", "address type not supported"};
  const auto index = std::to_integer<std::size_t>(reply);
  if (index < kTexts.size()) return "it answered: " + std::string(kTexts[index]);
  return "it answered with the unassigned reply " + std::to_string(index);
}

asio::awaitable<Proceeded> read_exactly(Stream& stream, std::span<std::byte> into) {
  while (!into.empty()) {
    const auto count = co_await stream.read_some(into);
    if (!count) co_return std::unexpected("it ended the connection in the middle: " + count.error().message());
    into = into.subspan(*count);
  }
  co_return Proceeded();
}

asio::awaitable<Proceeded> exchange_octets(Stream& stream, Bytes request, std::span<std::byte> answer) {
  if (const auto error = co_await stream.write(request)) co_return std::unexpected(error.message());
  co_return co_await read_exactly(stream, answer);
}

void append_counted(Bytes& out, const std::string& text) {
  out.push_back(octet(text.size()));
  append(out, as_octets(text));
}

// RFC 1928 5: an address as it is, a name with its length.
Bytes address_of(const std::string& host) {
  Bytes out;
  std::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    out.push_back(kName);
    append_counted(out, host);
    return out;
  }
  out.push_back(address.is_v4() ? kIpv4 : kIpv6);
  if (address.is_v4()) {
    for (const auto part : address.to_v4().to_bytes()) out.push_back(octet(part));
  } else {
    for (const auto part : address.to_v6().to_bytes()) out.push_back(octet(part));
  }
  return out;
}

asio::awaitable<Proceeded> authenticate(Stream& stream, const Proxy& proxy) {  // RFC 1929 2
  Bytes request(1, kAuthVersion);
  append_counted(request, proxy.user);
  append_counted(request, proxy.password);
  std::array<std::byte, 2> answer;
  auto answered = co_await exchange_octets(stream, std::move(request), answer);
  if (answered && answer[1] != std::byte{0}) answered = std::unexpected("it does not know this user and password");
  co_return answered;
}

// What stands behind the fourth octet of the reply: an address that nobody needs, which has to be taken off the stream.
asio::awaitable<Proceeded> skip_address(Stream& stream, std::byte type) {
  std::array<std::byte, 1> first;
  auto read = co_await read_exactly(stream, first);
  if (!read) co_return read;
  const std::size_t more = type == kIpv4 ? 3 : type == kIpv6 ? 15 : std::to_integer<std::size_t>(first[0]);
  Bytes rest(more + 2);  // and the port
  co_return co_await read_exactly(stream, rest);
}

}  // namespace

asio::awaitable<std::expected<void, std::string>> tunnel_socks5(Stream& stream, Proxy proxy, std::string host,
                                                                std::uint16_t port) {
  if (proxy.user.size() > kMaxText || proxy.password.size() > kMaxText || host.size() > kMaxText)
    co_return std::unexpected("names, users and passwords of more than 255 octets do not fit into SOCKS");
  // RFC 1929 2: a password has at least one octet.
  if (!proxy.user.empty() && proxy.password.empty()) co_return std::unexpected("SOCKS has no empty passwords");

  Bytes greeting(1, kVersion);
  greeting.push_back(octet(proxy.user.empty() ? 1 : 2));
  greeting.push_back(kNoAuth);
  if (!proxy.user.empty()) greeting.push_back(kUserPassword);
  std::array<std::byte, 2> method;
  auto done = co_await exchange_octets(stream, std::move(greeting), method);
  if (!done) co_return done;
  if (method[0] != kVersion) co_return std::unexpected("its answer is not SOCKS 5");
  if (method[1] == kNoneAccepted)
    co_return std::unexpected(proxy.user.empty() ? "it wants user and password" : "it takes no user and password");
  if (method[1] == kUserPassword && !proxy.user.empty()) {
    done = co_await authenticate(stream, proxy);
    if (!done) co_return done;
  } else if (method[1] != kNoAuth) {
    co_return std::unexpected("it chose a method that was not offered");
  }

  Bytes request(1, kVersion);
  request.push_back(kConnect);
  request.push_back(std::byte{0});
  append(request, address_of(host));
  request.push_back(octet(port >> 8));
  request.push_back(octet(port));
  std::array<std::byte, 4> reply;
  done = co_await exchange_octets(stream, std::move(request), reply);
  if (!done) co_return done;
  if (reply[0] != kVersion) co_return std::unexpected("its answer is not SOCKS 5");
  if (reply[1] != std::byte{0}) co_return std::unexpected(reply_text(reply[1]));
  co_return co_await skip_address(stream, reply[3]);
}

}  // namespace ws::io
