// orders_proxy.cc - a client with a proxy. RFC 6455 4.1 step 3; RFC 9110 9.3.6; RFC 9112 3.2.3.
#include "runner/orders/order.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::orders {
namespace {

constexpr const char *kProxy = "proxy", *kBehind = "server";
constexpr const char* kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";

// A proxy that says this to a CONNECT, and after a 2xx is the server too.
Serve proxy_saying(std::string answer) {
  return [answer = std::move(answer)](Visit& visit) -> asio::awaitable<void> {
    const auto connect = co_await visit.read_head();
    if (!connect || connect->method != "CONNECT") co_return;
    if (!co_await visit.say(answer)) co_return;
    auto request = co_await visit.read_head();
    if (request) co_await visit.open(std::move(*request));
  };
}

// The same in pieces: each goes out once the one before it was taken by the kernel.
Serve proxy_in_pieces(std::string answer) {
  return [answer = std::move(answer)](Visit& visit) -> asio::awaitable<void> {
    const auto connect = co_await visit.read_head();
    if (!connect || connect->method != "CONNECT") co_return;
    for (const char c : answer) {
      if (!co_await visit.say(std::string(1, c))) co_return;
    }
    auto request = co_await visit.read_head();
    if (request) co_await visit.open(std::move(*request));
  };
}

// A proxy that carries everything to the door, whatever name it was asked for.
Serve proxy_to(std::uint16_t port) {
  return [port](Visit& visit) -> asio::awaitable<void> {
    const auto connect = co_await visit.read_head();
    if (!connect || connect->method != "CONNECT") co_return;
    if (co_await visit.say(kEstablished)) co_await visit.relay(port);
  };
}

void tell(Play& play, std::string url, Serve serve) {
  Instruction one;
  one.url = std::move(url);
  one.proxy = fmt::format("http://{}", here(play.door(kProxy, std::move(serve))));
  play.tell(std::move(one));
}

std::string field(const ws::RequestHead& head, std::string_view name) {
  const ws::Field* const found = ws::find_field(head.fields, name);
  return found == nullptr ? std::string() : found->value;
}

// RFC 6455 4.1: it asks the proxy for a tunnel to host and port. RFC 9112 3.2.3: in authority-form, which has a port.
// True: it did.
bool judge_connect(const std::vector<const Arrival*>& arrivals, const std::string& authority, Verdicts& verdicts) {
  const auto asked = std::ranges::find_if(arrivals, [](const Arrival* each) { return each->connect.has_value(); });
  if (asked == arrivals.end()) {
    const bool came = std::ranges::any_of(arrivals, [](const Arrival* each) { return !each->heads.empty(); });
    verdicts.find("told-proxy-not-asked", "rfc6455-4.1-7", fmt::format("CONNECT {}", authority),
                  came ? "a request without a tunnel" : "no request to the proxy");
    return false;
  }
  const ws::RequestHead& connect = *(*asked)->connect;
  if (!ws::equals_ignoring_case(connect.target, authority))
    verdicts.find("told-tunnel-elsewhere", "rfc6455-4.1-7", fmt::format("CONNECT {}", authority),
                  fmt::format("CONNECT {}", connect.target));
  // RFC 9112 3.2: every request of HTTP/1.1 has a Host field.
  if (connect.version_minor >= 1 && field(connect, "Host").empty())
    verdicts.find("told-proxy-without-host", "rfc9112-3.2-1", "a CONNECT with a Host field", "one without");
  return true;
}

void judge_host_behind(const std::vector<const Arrival*>& arrivals, const std::string& host, Verdicts& verdicts) {
  for (const Arrival* each : arrivals) {
    if (!each->request || ws::equals_ignoring_case(field(*each->request, "Host"), host)) continue;
    if (!each->request->target.starts_with('/')) continue;  // never asked for the tunnel
    verdicts.find("told-host-wrong", "rfc6455-4.1-20", fmt::format("Host: {}", host),
                  fmt::format("Host: {}", field(*each->request, "Host")));
  }
}

Order tunnel(std::string_view id, std::string url, std::string authority, std::string host, Serve serve,
             bool may_refuse = false) {
  const auto prepare = [=](Play& play) { tell(play, url, serve); };
  const auto judge = [=](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kProxy);
    if (may_refuse && arrivals.empty()) return;
    if (!judge_connect(arrivals, authority, verdicts)) return;
    for (const Arrival* each : arrivals) judge_request(*each, verdicts);
    // RFC 9110 9.3.6: any 2xx makes it a tunnel, whatever its fields. RFC 6455 only asks to use it (SHOULD).
    if (std::ranges::none_of(arrivals, &Arrival::opened))
      verdicts.find("told-tunnel-not-used", "rfc6455-4.1-7", "in the tunnel that it got the connection opens",
                    "it did not open");
    judge_host_behind(arrivals, host, verdicts);
  };
  return {id, prepare, judge};
}

// Certificates are for the server behind the tunnel. Without a port in the URL it is the one of wss.
Order secure_tunnel() {
  const auto prepare = [](Play& play) {
    const auto identity = play.authority.issue("DNS:target.test", -1, 30);
    const std::uint16_t behind = play.door(kBehind, opens_over_tls(identity));
    tell(play, "wss://target.test/", proxy_to(behind));
    play.told.front().ca = play.ca_file;
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    if (!judge_connect(play.at(kProxy), "target.test:443", verdicts)) return;
    judge_opened(play.at(kBehind), verdicts);
    judge_host_behind(play.at(kBehind), "target.test", verdicts);
    for (const Arrival* each : play.at(kBehind)) {
      if (!each->secure || each->server_name == "target.test") continue;
      verdicts.find("told-no-server-name", "rfc6455-4.1-14", "Server Name Indication: target.test",
                    each->server_name.empty() ? "none" : each->server_name);
    }
  };
  return {"next/proxy/secure", prepare, judge};
}

// RFC 6455 4.1 step 4: where a proxy returned an error, the client fails and aborts. The server is there, and is not
// for it to go to.
Order refused(std::string_view id, std::string answer) {
  const auto prepare = [=](Play& play) {
    const std::uint16_t direct = play.door(kBehind, opens());
    tell(play, fmt::format("ws://{}/", here(direct)), [=](Visit& visit) -> asio::awaitable<void> {
      const auto connect = co_await visit.read_head();
      if (!connect || connect->method != "CONNECT") co_return;
      if (!co_await visit.say(answer)) co_return;
      // A second CONNECT, with credentials, is in order; an opening handshake is not.
      while (true) {
        const auto next = co_await visit.read_head();
        if (!next || next->method != "CONNECT") break;
        if (!co_await visit.say(answer)) co_return;
      }
      co_await visit.until_end();
    });
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto at_proxy = play.at(kProxy);
    const auto asks = [](const Arrival* each) { return each->request.has_value(); };
    const bool tunnelled = std::ranges::any_of(at_proxy, [](const Arrival* each) { return each->connect.has_value(); });
    if (tunnelled && std::ranges::any_of(at_proxy, [&](const Arrival* each) { return each->connect && asks(each); }))
      verdicts.find("told-refusal-ignored", "rfc6455-4.1-10", "it gives up where the proxy refuses the tunnel",
                    "it sent its opening handshake to the proxy");
    const auto direct = play.at(kBehind);
    if (tunnelled && std::ranges::any_of(direct, asks))
      verdicts.find("told-proxy-passed-by", "rfc6455-4.1-10", "it gives up where the proxy refuses the tunnel",
                    "it connected to the server without the proxy");
    if (tunnelled) return;
    const bool passed_by = std::ranges::any_of(direct, asks);
    verdicts.find("told-proxy-not-asked", "rfc6455-4.1-7", "CONNECT to the proxy that it was given",
                  passed_by ? "a connection without the proxy" : "no such request");
  };
  return {id, prepare, judge};
}

}  // namespace

void add_proxy_orders(std::vector<Order>& orders) {
  const std::string other = "ws://target.test:8001/a", authority = "target.test:8001";
  const auto with = [&](std::string_view id, const char* answer) {
    return tunnel(id, other, authority, authority, proxy_saying(answer));
  };
  orders.push_back(with("next/proxy/tunnel", kEstablished));
  orders.push_back(tunnel("next/proxy/default-port", "ws://target.test/a", "target.test:80", "target.test",
                          proxy_saying(kEstablished)));
  orders.push_back(
      tunnel("next/proxy/ipv6", "ws://[::2]:8001/a", "[::2]:8001", "[::2]:8001", proxy_saying(kEstablished)));
  orders.push_back(tunnel("next/proxy/non-ascii-host", "ws://b\u00fccher.test:8001/", "xn--bcher-kva.test:8001",
                          "xn--bcher-kva.test:8001", proxy_saying(kEstablished), /*may_refuse=*/true));
  orders.push_back(with("next/proxy/fields", "HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\nProxy-Agent: x\r\n\r\n"));
  // RFC 9110 9.3.6: a client ignores these in a successful answer to CONNECT.
  orders.push_back(with("next/proxy/length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  orders.push_back(with("next/proxy/http-1.0", "HTTP/1.0 200 Connection established\r\n\r\n"));
  orders.push_back(with("next/proxy/204", "HTTP/1.1 204 No Content\r\n\r\n"));
  orders.push_back(tunnel("next/proxy/pieces", other, authority, authority, proxy_in_pieces(kEstablished)));
  orders.push_back(secure_tunnel());
  orders.push_back(refused("next/proxy/refused-403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  orders.push_back(refused("next/proxy/refused-407",
                           "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                           "Content-Length: 0\r\n\r\n"));
  orders.push_back(refused("next/proxy/refused-502", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno\n"));
  orders.push_back(refused("next/proxy/refused-301",
                           "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"));
}

}  // namespace touchstone::orders
