// orders_connection.cc - several connections, answers that are no 101, and what comes after an end. RFC
// 6455 4.1, 7.2.3.
#include "runner/orders/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace touchstone::orders {
namespace {

constexpr const char *kServer = "server", *kOther = "other server";
using std::chrono::duration_cast, std::chrono::milliseconds;

std::string url_of(std::uint16_t port, std::string_view path = "/") {
  return fmt::format("ws://{}{}", here(port), path);
}

std::string key_of(const Arrival& arrival) {
  const ws::Field* const key = arrival.request ? ws::find_field(arrival.request->fields, "Sec-WebSocket-Key") : nullptr;
  return key == nullptr ? std::string() : key->value;
}

// RFC 6455 4.1 item 7: a new one for each connection. Where one request is made again because HTTP says so, a client
// may count that as the same connection.
void judge_keys(const std::vector<const Arrival*>& arrivals, Verdicts& verdicts,
                std::string_view kind = "told-key-again") {
  std::set<std::string> keys;
  for (const Arrival* each : arrivals) {
    const std::string key = key_of(*each);
    if (key.empty() || keys.insert(key).second) continue;
    verdicts.find(kind, "rfc6455-4.1-25", "a new key for each connection", fmt::format("{} again", key));
  }
}

// --- Two connections to one server ----------------------------------------------------------------------------------

// RFC 6455 4.1 step 2: not more than one at a time between connecting and its answer. The first answer is held back
// until the second request is there, or until it takes so long that it does not come.
Order at_once() {
  struct Seen {
    int asked = 0;
    bool first_held = false, beside = false;
  };
  const auto seen = std::make_shared<Seen>();
  const auto prepare = [seen](Play& play) {
    *seen = Seen();
    Play* const all = &play;
    const Serve serve = [seen, all](Visit& visit) -> asio::awaitable<void> {
      auto request = co_await visit.read_head();
      if (!request) co_return;
      seen->beside = seen->beside || seen->first_held;
      const bool first = ++seen->asked == 1;
      all->changed.notify_all();
      const auto until = ws::io::deadline_after(all->patience / 5);
      seen->first_held = first;
      while (first && !seen->beside && !all->over()) {
        if (co_await all->changed.wait(until)) break;
      }
      seen->first_held = false;
      co_await visit.open(std::move(*request));
    };
    play.tell({.url = url_of(play.door(kServer, serve)), .count = 2});
  };
  const auto judge = [seen](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    judge_keys(arrivals, verdicts);
    const auto opened = std::ranges::count_if(arrivals, &Arrival::opened);
    if (opened < 2)
      verdicts.find("told-not-opened", "rfc6455-4.1-1", "both connections open", fmt::format("{} did", opened));
    if (seen->beside)
      verdicts.find("told-beside", "rfc6455-4.1-4",
                    "a second connection to one address waits for the first one's answer", "it asked on both at once");
  };
  return {"next/connections/at-once", prepare, judge};
}

Order two_servers() {
  const auto prepare = [](Play& play) {
    play.tell({.url = url_of(play.door(kServer, opens()))});
    play.tell({.url = url_of(play.door(kOther, opens()))});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    judge_opened(play.at(kServer), verdicts);
    judge_opened(play.at(kOther), verdicts);
    auto all = play.at(kServer);
    std::ranges::copy(play.at(kOther), std::back_inserter(all));
    judge_keys(all, verdicts);
  };
  return {"next/connections/two-servers", prepare, judge};
}

Order fields() {
  const auto prepare = [](Play& play) {
    Instruction one;
    one.url = url_of(play.door(kServer, opens()));
    one.subprotocols = {"first.example", "second.example"};
    one.headers = {{"X-Touchstone", "told"}};
    play.tell(std::move(one));
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    judge_opened(arrivals, verdicts);
    for (const Arrival* each : arrivals) {
      if (!each->request) continue;
      std::string offered;
      for (const auto value : ws::field_values(each->request->fields, "Sec-WebSocket-Protocol"))
        for (const auto element : ws::list_elements(value))
          offered += (offered.empty() ? "" : ", ") + std::string(element);
      if (offered != "first.example, second.example")
        verdicts.find("told-subprotocols-wrong", "rfc6455-4.1-31", "first.example, second.example in this order",
                      offered.empty() ? "none" : offered);
    }
  };
  return {"next/connections/fields", prepare, judge};
}

// --- Answers that are no 101 ----------------------------------------------------------------------------------------

// RFC 6455 4.1: the client may follow, with an opening handshake of its own; or fail.
Order redirect(std::string_view id, int status) {
  const auto prepare = [=](Play& play) {
    const std::uint16_t there = play.door(kOther, opens());
    const std::string answer =
        fmt::format("HTTP/1.1 {} Moved\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status,
                    url_of(there, "/b"));
    play.tell({.url = url_of(play.door(kServer, answers(answer)))});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto there = play.at(kOther);
    auto all = play.at(kServer);
    if (all.empty()) judge_opened(all, verdicts);
    if (!there.empty()) judge_opened(there, verdicts);
    std::ranges::copy(there, std::back_inserter(all));
    judge_keys(all, verdicts, "told-key-kept");
    for (const Arrival* each : there) {
      if (each->request && each->request->target != "/b")
        verdicts.find("told-target-wrong", "rfc6455-4.1-19", "GET /b, of the Location",
                      fmt::format("GET {}", each->request->target));
    }
  };
  return {id, prepare, judge};
}

// Frames after an answer that is no 101 would be taken for a request (RFC 6455 4.1: the client handles it per HTTP).
Order refusal(std::string_view id, std::string answer) {
  const auto prepare = [=](Play& play) { play.tell({.url = url_of(play.door(kServer, answers(answer)))}); };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    if (arrivals.empty()) judge_opened(arrivals, verdicts);
    judge_keys(arrivals, verdicts, "told-key-kept");
  };
  return {id, prepare, judge};
}

// --- Giving up, and coming back -------------------------------------------------------------------------------------

Order cancelled() {
  const auto prepare = [](Play& play) {
    const Serve silent = [](Visit& visit) -> asio::awaitable<void> {
      if (co_await visit.read_head()) co_await visit.until_end();
    };
    play.lingers = true;  // a client may end TCP after it has told its application that it gave up
    play.tell({.url = url_of(play.door(kServer, silent)), .cancel_ms = 200});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    if (arrivals.empty()) judge_opened(arrivals, verdicts);
    const bool asked = std::ranges::any_of(arrivals, [](const Arrival* each) { return each->request.has_value(); });
    for (const Arrival* each : arrivals) {
      // A connection that a client's pool opens for later, and where nothing was asked, is of no opening handshake.
      if (asked && !each->request) continue;
      if (!each->waited_in_vain && each->ended_by_client) continue;
      verdicts.find("told-tcp-left-open", "rfc6455-7.1.7-1", "it ends TCP when it gives up its opening handshake",
                    "it left TCP open");
    }
  };
  return {"next/connections/cancelled", prepare, judge};
}

std::vector<milliseconds> pauses(const std::vector<const Arrival*>& arrivals) {
  std::vector<milliseconds> out;
  for (std::size_t i = 1; i < arrivals.size(); ++i)
    out.push_back(duration_cast<milliseconds>(arrivals[i]->began - arrivals[i - 1]->ended));
  return out;
}

std::string in_words(const std::vector<milliseconds>& pauses) {
  std::string out;
  for (const milliseconds each : pauses) out += fmt::format("{}{} ms", out.empty() ? "" : ", ", each.count());
  return out;
}

constexpr milliseconds kAtOnce{20};

// RFC 6455 7.2.3: after an abnormal end, a pause that grows. Four ends in a row; the fifth connection is closed in
// order.
Order back_off() {
  constexpr std::size_t kEnds = 4;
  const auto seen = std::make_shared<std::size_t>(0);
  const auto prepare = [seen](Play& play) {
    *seen = 0;
    play.tell({.url = url_of(play.door(kServer,
                                       [seen](Visit& visit) -> asio::awaitable<void> {
                                         auto request = co_await visit.read_head();
                                         const auto after =
                                             ++*seen <= kEnds ? Visit::After::reset : Visit::After::close;
                                         if (request) co_await visit.open(std::move(*request), after);
                                       })),
               .reconnect = true});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    judge_keys(arrivals, verdicts);
    const auto between = pauses(arrivals);
    if (between.size() < 3) return;  // C-28: not to come back is as good
    const auto [least, most] = std::ranges::minmax(between);
    if (most <= kAtOnce) {
      verdicts.find("told-back-at-once", "rfc6455-7.2.3-2", "a pause before it comes back", in_words(between));
    } else if (most - least <= std::max(kAtOnce, least / 10)) {
      verdicts.find("told-no-back-off", "rfc6455-7.2.3-4", "pauses that grow while the server does not keep it",
                    in_words(between));
    }
  };
  return {"next/reconnect/back-off", prepare, judge};
}

// RFC 6455 7.2.3: the first pause is random, so that the clients of one server do not all come back together.
Order spread() {
  constexpr std::size_t kClients = 6;
  const auto seen = std::make_shared<std::size_t>(0);
  const auto open = std::make_shared<std::size_t>(0);
  const auto prepare = [=](Play& play) {
    *seen = *open = 0;
    Play* const all = &play;
    // All of them end at one moment.
    const Visit::Gate gate = [=]() -> asio::awaitable<void> {
      ++*open;
      all->changed.notify_all();
      const auto until = ws::io::deadline_after(all->patience);
      while (*open < kClients && !all->over()) {
        if (co_await all->changed.wait(until)) break;
      }
    };
    const Serve serve = [=](Visit& visit) -> asio::awaitable<void> {
      auto request = co_await visit.read_head();
      if (!request) co_return;
      if (++*seen <= kClients) co_return co_await visit.open(std::move(*request), Visit::After::reset, gate);
      co_await visit.open(std::move(*request));
    };
    play.tell({.url = url_of(play.door(kServer, serve)), .count = static_cast<int>(kClients), .reconnect = true});
  };
  const auto judge = [](const Play& play, Verdicts& verdicts) {
    const auto arrivals = play.at(kServer);
    judge_keys(arrivals, verdicts);
    if (arrivals.size() < 2 * kClients) return;
    std::vector<milliseconds> first;
    for (std::size_t i = 0; i < kClients; ++i)
      first.push_back(duration_cast<milliseconds>(arrivals[kClients + i]->began - arrivals[0]->ended));
    const auto [least, most] = std::ranges::minmax(first);
    if (most - least <= kAtOnce)
      verdicts.find("told-back-together", "rfc6455-7.2.3-2", "a random pause before it comes back", in_words(first));
  };
  return {"next/reconnect/spread", prepare, judge};
}

}  // namespace

void add_connection_orders(std::vector<Order>& orders) {
  orders.push_back(at_once());
  orders.push_back(two_servers());
  orders.push_back(fields());
  for (const auto& [id, status] : {std::pair("next/answer/redirect-301", 301),
                                   {"next/answer/redirect-302", 302},
                                   {"next/answer/redirect-307", 307},
                                   {"next/answer/redirect-308", 308}})
    orders.push_back(redirect(id, status));
  orders.push_back(refusal("next/answer/unauthorized",
                           "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n"));
  orders.push_back(refusal("next/answer/unavailable",
                           "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n"));
  orders.push_back(cancelled());
  orders.push_back(back_off());
  orders.push_back(spread());
}

}  // namespace touchstone::orders
