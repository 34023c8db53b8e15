// test_support.h - conversations by chance with an endpoint in memory, for the laws of the oracle.
#pragma once
#include <ws/core/http/handshake.h>
#include <ws/testing/faults/deviant.h>
#include <ws/testing/oracle/oracle.h>

#include <algorithm>
#include <utility>

#include "ws/testing/test_speaker.h"

namespace ws::testing::chance {

// --- Endpoints ---

// The strict stack as an endpoint that echoes, and does this and that on its own.
class StrictEndpoint {
 public:
  StrictEndpoint(Role role, bool deflate, Dice& dice) : dice_(dice), connection_(options(role, deflate)) {
    if (role == Role::client) (void)connection_.submit(command::Connect{.host = "a.test", .target = "/"});
  }
  void receive(ByteView octets) {
    connection_.receive(octets);
    while (auto event = connection_.next_event()) {
      if (std::get_if<event::Requested>(&*event)) (void)connection_.submit(command::Accept{});
      if (const auto* text = std::get_if<event::Text>(&*event)) (void)connection_.submit(command::Text{text->data});
      if (const auto* data = std::get_if<event::Binary>(&*event)) (void)connection_.submit(command::Binary{data->data});
    }
  }
  void act() {
    if (dice_.once_in(30)) (void)connection_.submit(command::Ping{as_octets("keep alive")});
    if (dice_.once_in(40)) (void)connection_.submit(command::Pong{as_octets("here")});
    if (dice_.once_in(90)) (void)connection_.submit(command::Close{CloseReason{close_code::kGoingAway, "shutdown"}});
  }
  ByteView output() const { return connection_.output(); }
  void wrote(std::size_t octets) { connection_.wrote(octets); }
  bool wants_shutdown() const { return connection_.wants_shutdown(); }

 private:
  Options options(Role role, bool deflate) {
    Options made;
    made.role = role;
    make_deterministic(made, dice_.below(1000));
    if (!deflate) made.deflate_offer.reset();
    if (!deflate) made.deflate_preference.reset();
    return made;
  }
  Dice& dice_;
  Connection connection_;
};

struct DeviantEndpoint {
  DeviantEndpoint(Role role, Fault fault, Dice& dice) : deviant(options(role, fault, dice)) {}
  static DeviantOptions options(Role role, Fault fault, Dice& dice) {
    DeviantOptions made;
    made.role = role;
    made.faults = fault;
    made.host = "a.test";
    made.mask_key = [&dice] { return dice.random().mask_key(); };
    made.nonce = [&dice] { return dice.random().nonce(); };
    return made;
  }
  void receive(ByteView octets) { deviant.receive(octets); }
  void act() {}
  ByteView output() const { return deviant.output(); }
  void wrote(std::size_t octets) { deviant.wrote(octets); }
  bool wants_shutdown() const { return deviant.wants_shutdown(); }
  Deviant deviant;
};

// --- A conversation with one of them ---

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
inline std::string request(bool deflate) {
  return "GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " +
         std::string(kKey) + "\r\nSec-WebSocket-Version: 13\r\n" +
         (deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n" : "\r\n");
}

// Both directions are queues, so that the endpoint may be as late as the dice want.
template <class Endpoint>
class Talk {
 public:
  Talk(Endpoint& endpoint, Role role, Dice& dice) : endpoint_(endpoint), dice_(dice) { transcript.endpoint = role; }

  void send(ByteView octets) {
    transcript.sent(octets);
    append(to_endpoint_, octets);
  }
  // Something happens, or nothing.
  void step() {
    if (!ended_ && dice_.once_in(2)) deliver(1 + dice_.below(to_endpoint_.size() + 1));
    if (dice_.once_in(2)) collect(1 + dice_.below(200));
    endpoint_.act();
  }
  // Everything that can happen has happened.
  void settle() {
    while (!to_endpoint_.empty() && !ended_) {
      deliver(1 + dice_.below(to_endpoint_.size()));
      if (dice_.once_in(3)) collect(1 + dice_.below(100));
    }
    while (collect(100000) > 0) {
    }
    end_if_done();
    if (!ended_) transcript.add(Transcript::Kind::nothing_came);
  }

  Transcript transcript;

 private:
  void deliver(std::size_t most) {
    const std::size_t n = std::min(most, to_endpoint_.size());
    if (n > 0) endpoint_.receive(ByteView(to_endpoint_).first(n));
    to_endpoint_.erase(to_endpoint_.begin(), to_endpoint_.begin() + static_cast<std::ptrdiff_t>(n));
  }
  std::size_t collect(std::size_t most) {
    const std::size_t n = std::min(most, endpoint_.output().size());
    transcript.came(endpoint_.output().first(n));
    endpoint_.wrote(n);
    end_if_done();
    return n;
  }
  void end_if_done() {
    if (ended_ || !endpoint_.output().empty() || !endpoint_.wants_shutdown()) return;
    ended_ = true;
    transcript.add(Transcript::Kind::it_ended);
  }

  Endpoint& endpoint_;
  Dice& dice_;
  Bytes to_endpoint_;
  bool ended_ = false;
};

inline std::string answer_to(ByteView request_octets, bool deflate) {
  const auto head = parse_request(request_octets, HeadLimits{});
  const Field* key = head ? find_field(head->fields, "Sec-WebSocket-Key") : nullptr;
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         accept_key(key != nullptr ? key->value : "") +
         (deflate ? "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n" : "\r\n\r\n");
}

inline Connection honest_speaker(Role role, bool deflate, Dice& dice) {
  Options options;
  options.role = role;
  make_deterministic(options, dice.below(1000));
  return Connection::opened(options, deflate ? std::optional(DeflateParams{}) : std::nullopt);
}

inline std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

// A head that breaks a rule now and then.
inline std::string maybe_odd(std::string head, Dice& dice) {
  static constexpr std::pair<std::string_view, std::string_view> kFaults[] = {
      {"GET ", "POST "},
      {"HTTP/1.1", "HTTP/1.0"},
      {"Host", "Guest"},
      {"Upgrade: websocket", "Upgrade: h2c"},
      {"Upgrade: websocket\r\n", ""},
      {"Connection: Upgrade", "Connection: close"},
      {"Connection: Upgrade\r\n", ""},
      {"Sec-WebSocket-Key", "X-Key"},
      {"Sec-WebSocket-Version: 13\r\n", ""},
      {"Version: 13", "Version: 12"},
      {"101 Switching", "200 OK"},
      {"Sec-WebSocket-Accept", "X-Accept"},
      {"Accept: ", "Accept: AAAA"},
      {"\r\n\r\n", "\r\nSec-WebSocket-Extensions: x-none\r\n\r\n"},
      {"\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"},
      {"permessage-deflate", "permessage-deflate; server_max_window_bits=16"},
      {"\r\n\r\n", "\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"}};
  if (!dice.once_in(4)) return head;
  const auto& [what, with] = kFaults[dice.below(std::size(kFaults))];
  return replaced(std::move(head), what, with);
}

template <class Endpoint>
Transcript converse(Endpoint& endpoint, Role role, bool deflate, Dice& dice) {
  Talk talk(endpoint, role, dice);
  if (role == Role::server) {
    talk.send(as_octets(maybe_odd(request(deflate), dice)));
  } else {
    const Bytes asked = to_bytes(endpoint.output());
    talk.transcript.came(asked);
    endpoint.wrote(asked.size());
    talk.send(as_octets(maybe_odd(answer_to(asked, deflate), dice)));
  }
  // A server gets frames only when it has answered, as RFC 6455 4.1 has it.
  if (role == Role::server && !dice.once_in(20)) {
    for (int i = 0; i < 200; ++i) talk.step();
  }
  const Role mine = role == Role::server ? Role::client : Role::server;
  Speaker speaker{dice, mine, honest_speaker(mine, deflate, dice), dice.once_in(3)};
  for (std::size_t i = dice.below(9); i > 0; --i) {
    talk.send(i == 1 && dice.once_in(2) ? speaker.close() : speaker.next());
    for (std::size_t j = dice.below(6); j > 0; --j) talk.step();
  }
  talk.settle();
  return std::move(talk.transcript);
}

}  // namespace ws::testing::chance
