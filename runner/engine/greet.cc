// greet.cc - the first contact with an endpoint, and the command line that repeats a case.
#include "reports/support/shell.h"
#include "runner/engine/run.h"
#include "runner/engine/shortage.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::chrono::seconds kGreetingDeadline{10};  // for all that an endpoint may say instead of a Pong
constexpr int kShareOfGreeting = 12;                   // of the time for the run; that is how long a silence may take

// An ordinary client: offers permessage-deflate, sends one Ping, closes.
Case greeting_case() {
  Case c;
  c.id = "greeting";
  c.offer = {"permessage-deflate; client_max_window_bits"};
  c.steps.push_back({step::Sentinel{"greeting"}});
  c.expect = Expect{};
  c.deadline = kGreetingDeadline;
  return c;
}

std::chrono::microseconds round_trip(const Transcript& transcript) {
  const auto ping = std::ranges::find_if(transcript.entries, [](const Entry& e) {
    return e.direction == Entry::Direction::sent && e.opcode == static_cast<std::uint8_t>(ws::Opcode::ping);
  });
  const auto pong = std::ranges::find_if(transcript.entries, [](const Entry& e) {
    return e.direction == Entry::Direction::received && e.opcode == static_cast<std::uint8_t>(ws::Opcode::pong);
  });
  if (ping == transcript.entries.end() || pong == transcript.entries.end()) return std::chrono::milliseconds(1);
  // A Pong has the time of its first octet, and may come octet by octet. When it is whole, the tester goes on.
  const auto next = std::find_if(pong, transcript.entries.end(),
                                 [](const Entry& e) { return e.direction == Entry::Direction::sent; });
  const std::int64_t whole_at = next == transcript.entries.end() ? pong->at_us : next->at_us;
  return std::chrono::microseconds(std::max<std::int64_t>(whole_at - ping->at_us, 1));
}

// Faults in the answer and not a single frame after it: this may be anything.
std::optional<ws::Violation> is_no_websocket(const Observation& o) {
  if (o.handshake_violation || o.answer_faults.empty() || o.transcript.frames_received > 0)
    return o.handshake_violation;
  return o.answer_faults.front().violation;
}

std::string_view expected_status(const Observation& o) {
  return o.http2 ? "a status of 2xx" : "101 Switching Protocols";
}

bool answered(const Observation& o) {
  return std::ranges::find(o.seen, Seen::Kind::passed, &Seen::kind) != o.seen.end();
}

std::expected<Greeting, Unreachable> read(const Observation& o, const Target& target) {
  if (const auto violation = is_no_websocket(o)) {
    const ws::Rule& rule = ws::rule(*violation);
    return std::unexpected(
        Unreachable{Unreachable::Why::not_websocket,
                    fmt::format("{} does not complete the opening handshake: {} ({}). Expected: {} as in {}.",
                                ws::to_string(target.url), rule.text, rule.requirement, expected_status(o),
                                o.http2 ? "RFC 8441 5" : "RFC 6455 4.2.2")});
  }
  if (!o.handshake_failure.empty() && o.http2 && !o.http2->faults.empty()) {
    const Http2Fault& fault = o.http2->faults.front();
    return std::unexpected(Unreachable{
        Unreachable::Why::not_websocket,
        fmt::format("{} breaks HTTP/2 ({}) before a WebSocket is open: {}. Expected: {}; seen: {}.",
                    ws::to_string(target.url), fault.requirement, o.handshake_failure, fault.expected, fault.seen)});
  }
  if (!o.handshake_failure.empty()) {
    return std::unexpected(
        Unreachable{Unreachable::Why::not_websocket,
                    fmt::format("{} is no WebSocket endpoint: {}. Expected: {}. Check the path, "
                                "and --subprotocol, --origin or --header if the server demands them.",
                                ws::to_string(target.url), o.handshake_failure, expected_status(o))});
  }
  Greeting greeting;
  greeting.response = o.response;
  greeting.over_http2 = o.http2.has_value();
  if (o.http2) greeting.settings = o.http2->settings;
  if (const ws::Field* server = ws::find_field(o.response->fields, "Server")) greeting.server_field = server->value;
  greeting.deflate = o.deflate.has_value();
  greeting.round_trip = round_trip(o.transcript);
  return greeting;
}

}  // namespace

std::expected<Greeting, Unreachable> greet(const Target& target, const RunOptions& options,
                                           const std::function<bool()>& over) {
  SessionOptions session;
  session.brief_end = true;  // the cases look at ends
  if (options.timeout.count() > 0) session.timeout = options.timeout;
  Case greeted = greeting_case();
  if (options.budget.count() > 0) {
    session.timeout = std::min(session.timeout, options.budget / kShareOfGreeting);
    greeted.deadline =
        std::min(greeted.deadline, std::chrono::duration_cast<std::chrono::seconds>(session.timeout * 2));
  }
  const Observed observed = std::move(observe_all({greeted}, target, session, over).front());
  if (!observed) {
    if (is_own_shortage(observed.error().code))
      return std::unexpected(Unreachable{Unreachable::Why::own_shortage, observed.error().text});
    const auto why =
        observed.error().stage == ws::io::DialStage::tls ? Unreachable::Why::tls : Unreachable::Why::no_connection;
    return std::unexpected(Unreachable{why, observed.error().text});
  }
  auto greeting = read(*observed, target);
  if (!greeting || answered(*observed)) return greeting;
  // No Pong came. It may only wait for the next frame (RFC 6455 5.5.2 has it come as soon as is practical), and that
  // the cases can bring.
  session.nudges = true;
  const Observed again = std::move(observe_all({greeted}, target, session, over).front());
  greeting->answers_pings = again && answered(*again);
  if (!greeting->answers_pings) return greeting;
  greeting->withholds_pongs = true;
  greeting->round_trip = round_trip(again->transcript);
  return greeting;
}

std::string connection_arguments(const Target& target) {
  std::string out;
  if (target.family == ws::io::Family::v4) out += " -4";
  if (target.family == ws::io::Family::v6) out += " -6";
  if (target.proxy) out += " --proxy " + shell_quote(ws::io::proxy_url(*target.proxy));
  if (!target.unix_path.empty()) out += " --unix-socket " + shell_quote(target.unix_path);
  if (target.http != ws::io::Http::one) out += target.http == ws::io::Http::two ? " --http 2" : " --http auto";
  if (!target.host.empty()) out += " --host " + shell_quote(target.host);
  for (const auto& name : target.subprotocols) out += " --subprotocol " + shell_quote(name);
  for (const auto& field : target.fields)
    out += " --header " + shell_quote(fmt::format("{}: {}", field.name, field.value));
  if (target.url.secure) {
    if (target.tls.insecure) out += " --insecure";
    if (!target.tls.ca_file.empty()) out += " --ca " + shell_quote(target.tls.ca_file);
    if (!target.tls.certificate_file.empty()) out += " --cert " + shell_quote(target.tls.certificate_file);
    if (!target.tls.private_key_file.empty()) out += " --key " + shell_quote(target.tls.private_key_file);
    if (!target.tls.server_name.empty()) out += " --sni " + shell_quote(target.tls.server_name);
  }
  return out;
}

std::string replay_command(const Case& c, const Target& target, const RunOptions& options) {
  std::string out =
      fmt::format("touchstone test {} --case {}", shell_quote(ws::to_string(target.url)), shell_quote(c.id));
  if (options.seed != RunOptions{}.seed) out += fmt::format(" --seed {}", options.seed);
  if (options.process != 0) out += fmt::format(" --pid {}", options.process);
  if (options.profile == Profile::full) out += " --profile full";
  if (options.timeout.count() > 0) out += fmt::format(" --timeout {}ms", options.timeout.count());
  out += connection_arguments(target);
  return out;
}

}  // namespace touchstone
