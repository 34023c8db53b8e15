// orders_tls.cc - whom a client believes. RFC 6455 4.1, 10.6; RFC 6066 3; RFC 9110 4.3.4.
#include "runner/orders/order.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::orders {
namespace {

constexpr const char *kSecure = "server", *kPlain = "server without TLS";
constexpr const char* kOwnNames = "DNS:localhost,IP:127.0.0.1,IP:::1";

void judge_octets(const std::vector<const Arrival*>& arrivals, Verdicts& verdicts) {
  const bool plain = std::ranges::any_of(arrivals, [](const Arrival* each) { return !each->plain.empty(); });
  if (plain)
    verdicts.find("told-wss-in-plain", "rfc6455-4.1-11", "a TLS handshake before anything else",
                  "octets of something else came first");
}

Order trusted(std::string_view id, std::string host, bool names_server) {
  const auto prepare = [=](Play& play) {
    const std::uint16_t port = play.door_of_name(kSecure, opens_over_tls(play.authority.issue(kOwnNames, -1, 30)));
    play.tell({.url = fmt::format("wss://{}:{}/", host, port), .ca = play.ca_file});
  };
  const auto judge = [=](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kSecure);
    judge_octets(arrivals, verdicts);
    judge_opened(arrivals, verdicts);
    for (const Arrival* each : arrivals) {
      if (!names_server || !each->secure || each->server_name == host) continue;
      verdicts.find("told-no-server-name", "rfc6455-4.1-14", fmt::format("Server Name Indication: {}", host),
                    each->server_name.empty() ? "none" : each->server_name);
    }
  };
  return {id, prepare, judge};
}

using Issue = std::function<ws::io::Identity(const Play&)>;

// RFC 6455 4.1 step 5: where TLS fails, for example because a certificate cannot be verified, the client fails the
// connection. No octet of an opening handshake is for such a server.
Order untrusted(std::string_view id, std::string host, Issue issue, std::string what) {
  const auto prepare = [=](Play& play) {
    const std::uint16_t port = play.door_of_name(kSecure, opens_over_tls(issue(play)));
    play.tell({.url = fmt::format("wss://{}:{}/", host, port), .ca = play.ca_file});
  };
  const auto judge = [=](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kSecure);
    judge_octets(arrivals, verdicts);
    if (std::ranges::none_of(arrivals, [](const Arrival* each) { return each->request.has_value(); })) return;
    verdicts.find("told-certificate-believed", "rfc6455-4.1-12", fmt::format("no request to a server {}", what),
                  "it sent its opening handshake");
  };
  return {id, prepare, judge};
}

// Not TLS at all on the other side. Whatever comes, it is no reason to go on without it.
Order no_tls() {
  const auto prepare = [](Play& play) {
    const Serve serve = [](Visit& visit) -> asio::awaitable<void> {
      if (co_await visit.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
        co_await visit.until_end();
    };
    const std::uint16_t port = play.door(kSecure, serve);
    play.tell({.url = fmt::format("wss://{}/", here(port)), .ca = play.ca_file});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    for (const Arrival* each : play.at(kSecure)) {
      if (each->waited_in_vain)
        verdicts.find("told-tcp-left-open", "rfc6455-7.1.7-1", "it ends TCP where TLS fails", "it left TCP open");
    }
  };
  return {"next/tls/none", prepare, judge};
}

Order both_kinds() {
  const auto prepare = [](Play& play) {
    const std::uint16_t secure = play.door(kSecure, opens_over_tls(play.authority.issue(kOwnNames, -1, 30)));
    const std::uint16_t plain = play.door(kPlain, opens());
    play.tell({.url = fmt::format("wss://{}/", here(secure)), .ca = play.ca_file});
    play.tell({.url = fmt::format("ws://{}/", here(plain))});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    judge_octets(play.at(kSecure), verdicts);
    judge_opened(play.at(kSecure), verdicts);
    judge_opened(play.at(kPlain), verdicts);
  };
  return {"next/tls/beside-plain", prepare, judge};
}

}  // namespace

void add_tls_orders(std::vector<Order>& orders) {
  orders.push_back(trusted("next/tls/address", "127.0.0.1", false));
  orders.push_back(trusted("next/tls/server-name", "localhost", true));
  const auto of_authority = [](const char* names, int from, int to) {
    return [=](const Play& play) { return play.authority.issue(names, from, to); };
  };
  const auto of_nobody = [](const Play&) {
    static const Authority other;
    return other.issue(kOwnNames, -1, 30);
  };
  orders.push_back(untrusted("next/tls/wrong-name", "localhost", of_authority("DNS:other.test", -1, 30),
                             "whose certificate names another host"));
  orders.push_back(untrusted("next/tls/wrong-address", "127.0.0.1", of_authority("DNS:localhost,IP:127.0.0.2", -1, 30),
                             "whose certificate names another address"));
  orders.push_back(untrusted("next/tls/expired", "localhost", of_authority(kOwnNames, -30, -1),
                             "whose certificate is no longer valid"));
  orders.push_back(untrusted("next/tls/not-yet-valid", "localhost", of_authority(kOwnNames, 2, 30),
                             "whose certificate is not valid yet"));
  orders.push_back(untrusted("next/tls/unknown-authority", "localhost", of_nobody,
                             "whose certificate is of an authority that nobody told it to trust"));
  orders.push_back(untrusted(
      "next/tls/self-signed", "localhost", [](const Play&) { return ws::io::self_signed("localhost"); },
      "whose certificate is signed by nobody but itself"));
  orders.push_back(no_tls());
  orders.push_back(both_kinds());
}

}  // namespace touchstone::orders
