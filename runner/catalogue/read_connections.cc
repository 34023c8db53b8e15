#include "runner/catalogue/read_connections.h"

#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace touchstone {
namespace {

// Follows the steps of a case: which connections are open, and which are held.
class Order {
 public:
  explicit Order(const Cursor& place) : place_(place) {}

  void follow(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (const auto* open = std::get_if<step::Open>(&step.action)) {
        if (!open_.insert(open->name).second)
          place_.fault(fmt::format("'{}' opened twice", open->name), "each connection once");
      } else if (!open_.contains(step.on)) {
        place_.fault(fmt::format("a step on '{}'", step.on), "a connection that was opened before");
      } else {
        std::visit([&](const auto& action) { take(action, step.on); }, step.action);
      }
    }
  }

 private:
  void take(const step::Hold& hold, const std::string& on) {
    if (hold.on == held_.contains(on)) place_.fault("a hold twice, or let go twice", "hold true, then hold false");
    if (hold.on) {
      held_.insert(on);
    } else {
      held_.erase(on);
    }
  }
  void take(const step::Stuck&, const std::string& on) {
    if (!held_.contains(on)) place_.fault("stuck_s without hold", "stuck_s on a connection that is held");
  }
  void take(const step::Frame& frame, const std::string& on) {
    if (!frame.pause_at.empty()) wait(on);
  }
  void take(const step::Tcp& tcp, const std::string& on) {
    if (tcp.how == step::Tcp::How::fin) wait(on);
  }
  void take(const step::Repeat& repeat, const std::string& on) {
    for (const Step& step : repeat.steps) std::visit([&](const auto& action) { take(action, on); }, step.action);
  }
  void take(const step::OneOf<step::Sentinel, step::AwaitEcho, step::Reading> auto&, const std::string& on) {
    wait(on);
  }
  void take(const step::OneOf<step::Message, step::Close, step::Octets, step::Alive, step::Open, step::Idle> auto&,
            const std::string&) {}

  void wait(const std::string& on) {
    if (held_.contains(on))
      place_.fault("a wait on a connection that is held",
                   "messages, frames, octets, a Close or a reset until hold false");
  }

  const Cursor& place_;
  std::set<std::string> open_{std::string()}, held_;
};

bool leaves_pings(const Case& one) {
  return std::ranges::any_of(one.steps, [](const Step& step) {
    const auto* idle = std::get_if<step::Idle>(&step.action);
    return idle != nullptr && !idle->pongs;
  });
}

void read_one(const Cursor& c, Beside& beside) {
  if (!c.object({}, {"request", "offer", "expect"})) return;
  if (c.has("request")) beside.request = read_head_script(c.at("request"));
  if (c.has("offer")) beside.offer = c.at("offer").texts();
  if (c.has("expect")) beside.expect = read_expect(c.at("expect"));
}

}  // namespace

void read_connections(const Cursor& group, Case& result) {
  for (const Step& step : result.steps) {
    if (const auto* open = std::get_if<step::Open>(&step.action)) result.connections.push_back({open->name});
  }
  if (group.has("connections")) {
    const Cursor all = group.at("connections");
    if (!all.value().is_object()) return all.wrong("an object: the name of a connection, and what is its own");
    for (const auto& [name, value] : all.value().items()) {
      const auto found = std::ranges::find(result.connections, name, &Beside::name);
      if (found == result.connections.end()) {
        all.fault(fmt::format("'{}'", name), "connections that a step opens");
      } else {
        read_one(all.at(name), *found);
      }
    }
  }
  const Cursor steps = group.at("steps");
  Order(steps).follow(result.steps);
  const bool of_servers = !result.connections.empty() || is_held(result.steps);
  if (of_servers && result.sides != std::vector{Side::server})
    steps.fault("open or hold in a case for clients", "\"sides\": [\"server\"]");
  // RFC 6455 5.5.2 has the tester answer: what the endpoint makes of its silence is its own affair.
  const auto all = each_connection(result);
  const bool left_open = !all.front().expect || std::holds_alternative<end::MayFail>(all.front().expect->end) ||
                         std::holds_alternative<end::Abandoned>(all.front().expect->end);
  if (leaves_pings(all.front()) && (!left_open || !all.front().expect))
    steps.fault("pongs false where the connection has to live", "an expectation that ends with may_fail");
}

}  // namespace touchstone
