// orders_uri.cc - what a client makes of its URL. RFC 6455 3, 4.1, 11.1; RFC 3986; RFC 9112 3.2.
#include "runner/orders/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace touchstone::orders {
namespace {

constexpr const char* kAsked = "server";

const Arrival* first_asking(const std::vector<const Arrival*>& arrivals) {
  const auto found = std::ranges::find_if(arrivals, [](const Arrival* each) { return each->request.has_value(); });
  return found == arrivals.end() ? nullptr : *found;
}

std::string host_of(const ws::RequestHead& request) {
  const ws::Field* const host = ws::find_field(request.fields, "Host");
  return host == nullptr ? std::string() : host->value;
}

// RFC 3986 6.2.2.1: the digits of a percent-encoding mean the same in either case.
std::string with_equal_digits(std::string_view target) {
  std::string out(target);
  for (std::size_t i = 0; i + 2 < out.size(); ++i) {
    if (out[i] != '%') continue;
    for (std::size_t j = i + 1; j < i + 3; ++j)
      out[j] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[j])));
  }
  return out;
}

// RFC 6455 4.1 item 2: an absolute URI does as well.
std::string resource_of(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return std::string(target);
  const auto path = target.find_first_of("/?", scheme + 3);
  if (path == std::string_view::npos) return "/";
  return target[path] == '?' ? "/" + std::string(target.substr(path)) : std::string(target.substr(path));
}

struct Uri {
  std::string_view id;
  std::string_view path;                  // after host and port, as it is told
  std::vector<std::string_view> targets;  // that fit; the first one is the ordinary one
  std::string_view requirement;           // of the target
  bool may_refuse = false;                // C-02: an odd URI
};

void judge_target(const Uri& uri, const Arrival& arrival, Verdicts& verdicts) {
  const std::string target = resource_of(arrival.request->target);
  const auto fits = [&](std::string_view each) { return with_equal_digits(each) == with_equal_digits(target); };
  if (std::ranges::any_of(uri.targets, fits)) return;
  verdicts.find("told-target-wrong", std::string(uri.requirement),
                fmt::format("GET {}, of the URI's path and query", uri.targets.front()),
                fmt::format("GET {}", arrival.request->target));
}

void judge_host(const Arrival& arrival, const std::string& host, Verdicts& verdicts) {
  const std::string said = host_of(*arrival.request);
  if (said.empty() || ws::equals_ignoring_case(said, host)) return;
  const bool userinfo = said.find('@') != std::string::npos;
  verdicts.find("told-host-wrong", userinfo ? "rfc9112-3.2-1" : "rfc6455-4.1-20", fmt::format("Host: {}", host),
                fmt::format("Host: {}", said));
}

Order order_of(Uri uri) {
  const auto prepare = [uri](Play& play) {
    play.tell({.url = fmt::format("ws://{}{}", here(play.door(kAsked, opens())), uri.path)});
  };
  const auto judge = [uri](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kAsked);
    judge_opened(arrivals, verdicts, uri.may_refuse);
    const Arrival* const asking = first_asking(arrivals);
    if (asking == nullptr) return;
    judge_target(uri, *asking, verdicts);
    const std::string& url = play.told.front().url;
    const auto end = url.find_first_of("/?#", 5);
    judge_host(*asking, url.substr(5, end == std::string::npos ? std::string::npos : end - 5), verdicts);
  };
  return {uri.id, prepare, judge};
}

// The text of the URL stands for itself, the host has another form in it.
Order order_with_host(std::string_view id, std::string url_format, std::string host_format, bool v6, bool may_refuse) {
  const auto filled = [](const std::string& format, std::uint16_t port) {
    std::string out = format;
    if (const auto at = out.find("PORT"); at != std::string::npos) out.replace(at, 4, std::to_string(port));
    return out;
  };
  const auto port_of = std::make_shared<std::uint16_t>(std::uint16_t{0});
  const auto prepare = [=](Play& play) {
    *port_of = v6 ? play.door(kAsked, opens(), v6) : play.door_of_name(kAsked, opens());
    play.tell({.url = filled(url_format, *port_of)});
  };
  const auto judge = [=](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kAsked);
    judge_opened(arrivals, verdicts, may_refuse);
    if (const Arrival* const asking = first_asking(arrivals))
      judge_host(*asking, filled(host_format, *port_of), verdicts);
  };
  return {id, prepare, judge};
}

// RFC 3986 3.1: an application should take capital letters in a scheme. RFC 6455 3: wss in any case is secure.
Order secure_in_capitals() {
  const auto prepare = [](Play& play) {
    const auto identity = play.authority.issue("DNS:localhost,IP:127.0.0.1", -1, 30);
    play.tell({.url = fmt::format("WSS://{}/", here(play.door(kAsked, opens_over_tls(identity)))), .ca = play.ca_file});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kAsked);
    if (std::ranges::any_of(arrivals, [](const Arrival* each) { return !each->plain.empty(); }))
      verdicts.find("told-wss-in-plain", "rfc6455-3-2", "TLS, as wss in any case asks for it", "octets without TLS");
  };
  return {"next/uri/scheme-capitals", prepare, judge};
}

// A URL with the end of a line in it is no way to write header fields.
Order injection() {
  const auto prepare = [](Play& play) {
    play.tell({.url = fmt::format("ws://{}/a\r\nX-Injected: 1", here(play.door(kAsked, opens())))});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    for (const Arrival* each : play.at(kAsked)) {
      if (!each->request || ws::find_field(each->request->fields, "X-Injected") == nullptr) continue;
      verdicts.find("told-fields-injected", "rfc6455-4.1-16", "a request of the tester's URL, or none",
                    "a line of the URL became a header field");
    }
  };
  return {"next/uri/line-end", prepare, judge};
}

}  // namespace

void add_uri_orders(std::vector<Order>& orders) {
  const Uri uris[] = {
      {"next/uri/path", "/chat", {"/chat"}, "rfc6455-4.1-19", false},
      {"next/uri/path-empty", "", {"/"}, "rfc6455-3-3", false},
      {"next/uri/path-empty-query", "?x=1", {"/?x=1"}, "rfc6455-3-3", false},
      {"next/uri/query", "/a/b?x=1&y=%20z&x=/?", {"/a/b?x=1&y=%20z&x=/?"}, "rfc6455-3-4", false},
      {"next/uri/query-empty", "/a?", {"/a", "/a?"}, "rfc6455-3-4", false},
      {"next/uri/percent", "/a%2Fb%c3%a9?%26=%3d", {"/a%2Fb%c3%a9?%26=%3d"}, "rfc6455-3-4", false},
      {"next/uri/number-sign-escaped", "/a%23b", {"/a%23b"}, "rfc6455-3-6", false},
      {"next/uri/fragment", "/a#b", {"/a", "/a%23b"}, "rfc6455-3-5", true},
      {"next/uri/fragment-after-query", "/a?x#b", {"/a?x", "/a?x%23b"}, "rfc6455-3-5", true},
      {"next/uri/non-ascii", "/\u00e9?\u4e2d=\u00fc", {"/%C3%A9?%E4%B8%AD=%C3%BC"}, "rfc6455-11.1-2", true},
      {"next/uri/blank", "/a b", {"/a%20b", "/a+b"}, "rfc6455-4.1-19", true},
  };
  for (const Uri& uri : uris) orders.push_back(order_of(uri));
  orders.push_back(
      order_with_host("next/uri/userinfo", "ws://user:secret@127.0.0.1:PORT/", "127.0.0.1:PORT", false, true));
  orders.push_back(order_with_host("next/uri/name", "ws://localhost:PORT/", "localhost:PORT", false, false));
  orders.push_back(order_with_host("next/uri/ipv6", "ws://[::1]:PORT/", "[::1]:PORT", true, false));
  orders.push_back(secure_in_capitals());
  orders.push_back(injection());
}

}  // namespace touchstone::orders
