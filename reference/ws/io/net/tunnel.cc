// tunnel.cc - through a proxy, whichever kind it is.
#include <ws/io/net/tunnel.h>

#include <asio/error.hpp>

namespace ws::io {

asio::awaitable<Dialed> dial_through(Proxy proxy, std::string host, std::uint16_t port, Family family,
                                     Clock::time_point deadline) {
  auto stream = co_await dial_tcp(proxy.host, proxy.port, family, deadline);
  if (!stream) {
    stream.error().text = "the proxy: " + stream.error().text;
    co_return std::move(stream);
  }
  const Watchdog watchdog((*stream)->executor(), deadline, [&stream] { (*stream)->close(); });
  const std::string what = "through the proxy " + (*stream)->peer() + " to " + host + " port " + std::to_string(port);
  std::expected<void, std::string> open;
  if (proxy.kind == Proxy::Kind::http) {
    open = co_await tunnel_http(**stream, std::move(proxy), std::move(host), port);
  } else {
    open = co_await tunnel_socks5(**stream, std::move(proxy), std::move(host), port);
  }
  if (open) co_return std::move(stream);
  DialError failed{DialStage::proxy, asio::error::connection_refused, what + ": " + open.error()};
  if (watchdog.fired()) {
    failed.code = asio::error::timed_out;
    failed.text = what + ": no answer in time";
  }
  co_return std::unexpected(std::move(failed));
}

}  // namespace ws::io
