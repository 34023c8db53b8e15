#include "runner/orders/order.h"

#include "runner/engine/verdict/weigh.h"

#include <fmt/format.h>
#include <ws/rules/request.h>

#include <algorithm>

namespace touchstone::orders {

void Verdicts::find(std::string_view kind, std::string requirement, std::string expected, std::string seen) {
  const auto same = [&](const Finding& each) { return each.kind == kind && each.requirement == requirement; };
  if (std::ranges::any_of(findings_, same)) return;
  Weighed weighed = weigh(kind, requirement);
  Finding finding;
  finding.weight = weighed.weight;
  finding.choice = std::move(weighed.choice);
  finding.requirement = std::move(requirement);
  finding.expected = std::move(expected);
  finding.seen = std::move(seen);
  finding.kind = kind;
  findings_.push_back(std::move(finding));
}

std::span<const Order> all_orders() {
  static const std::vector<Order> orders = [] {
    std::vector<Order> all;
    add_uri_orders(all);
    add_tls_orders(all);
    add_proxy_orders(all);
    add_connection_orders(all);
    return all;
  }();
  return orders;
}

const Order* find_order(std::string_view id) {
  const auto orders = all_orders();
  const auto found = std::ranges::find(orders, id, &Order::id);
  return found == orders.end() ? nullptr : &*found;
}

Serve opens(Visit::After after) {
  return [after](Visit& visit) -> asio::awaitable<void> {
    auto request = co_await visit.read_head();
    if (request) co_await visit.open(std::move(*request), after);
  };
}

Serve opens_over_tls(ws::io::Identity identity) {
  return [identity = std::move(identity)](Visit& visit) -> asio::awaitable<void> {
    if (!co_await visit.begin_tls(identity)) co_return;
    auto request = co_await visit.read_head();
    if (request) co_await visit.open(std::move(*request));
  };
}

Serve answers(std::string octets) {
  return [octets = std::move(octets)](Visit& visit) -> asio::awaitable<void> {
    if (!co_await visit.read_head()) co_return;
    if (co_await visit.say(octets)) co_await visit.until_end();
  };
}

std::string here(std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); }

void judge_request(const Arrival& arrival, Verdicts& verdicts) {
  if (!arrival.rubbish.empty())
    verdicts.find("told-no-http", "rfc6455-4.1-16", "an opening handshake that is HTTP", "something else came");
  if (!arrival.request) return;
  for (const auto& fault : ws::rules::read_request(*arrival.request).faults) {
    // What the target and the host are is for the order to say, which knows the URL.
    const bool of_the_url = fault.violation == ws::Violation::target_malformed ||
                            (fault.violation == ws::Violation::host_missing && !fault.detail.empty());
    if (of_the_url) continue;
    verdicts.find(
        "told-request-illegal", std::string(fault.requirement), "a request that keeps the rules",
        fmt::format("{}{}{}", ws::rule(fault.violation).text, fault.detail.empty() ? "" : " It says: ", fault.detail));
  }
}

void judge_opened(const std::vector<const Arrival*>& arrivals, Verdicts& verdicts, bool may_refuse) {
  for (const Arrival* arrival : arrivals) judge_request(*arrival, verdicts);
  const bool opened = std::ranges::any_of(arrivals, &Arrival::opened);
  const bool came = std::ranges::any_of(arrivals, [](const Arrival* a) { return a->request.has_value(); });
  if (opened || (may_refuse && !came)) return;
  const std::string_view seen = arrivals.empty() ? "it did not connect"
                                : came           ? "its request was answered with 101, and no Ping was answered"
                                                 : "it connected and sent no opening handshake";
  verdicts.find("told-not-opened", "rfc6455-4.1-1", "it connects, and the connection opens", std::string(seen));
}

}  // namespace touchstone::orders
