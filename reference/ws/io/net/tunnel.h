// tunnel.h - asking a proxy for a way to the server, over a connection to the proxy. A part of dial().
#pragma once
#include <ws/io/net/dial_tcp.h>
#include <ws/io/net/proxy.h>

namespace ws::io {

// HTTP CONNECT, RFC 9110 9.3.6, with Basic authentication (RFC 7617) when there is a user.
[[nodiscard]] asio::awaitable<std::expected<void, std::string>> tunnel_http(Stream& stream, Proxy proxy,
                                                                            std::string host, std::uint16_t port);
// RFC 1928, with user and password (RFC 1929) when there is a user.
[[nodiscard]] asio::awaitable<std::expected<void, std::string>> tunnel_socks5(Stream& stream, Proxy proxy,
                                                                              std::string host, std::uint16_t port);

// Connects to the proxy and through it; DialStage::proxy is when the proxy refuses.
[[nodiscard]] asio::awaitable<Dialed> dial_through(Proxy proxy, std::string host, std::uint16_t port, Family family,
                                                   Clock::time_point deadline);

}  // namespace ws::io
