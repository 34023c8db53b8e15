// test_support.h - what the tests of the core share: octets as text, fixed randomness, events as text.
#pragma once
#include <ws/core/connection/connection.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ws::test {

// "81 05 48" -> octets; blanks are free.
inline Bytes hex(std::string_view text) {
  Bytes out;
  unsigned value = 0, digits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    if (++digits % 2 == 0) out.push_back(static_cast<std::byte>(value & 0xFF));
  }
  return out;
}

inline std::string to_hex(ByteView octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::byte octet : octets) {
    if (!out.empty()) out += ' ';
    out += kDigits[std::to_integer<unsigned>(octet) >> 4];
    out += kDigits[std::to_integer<unsigned>(octet) & 15];
  }
  return out;
}

constexpr MaskKey kMaskKey = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};  // RFC 6455 5.7
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";                                       // RFC 6455 1.3
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline Options options(Role role) {
  return {.role = role, .mask_key = [] { return kMaskKey; }, .nonce = [] { return std::string(kKey); }};
}

inline Connection open(Role role, std::optional<DeflateParams> deflate = {}, Limits limits = {}) {
  Options o = options(role);
  o.limits = limits;
  return Connection::opened(o, deflate);
}

// A frame as the peer of `receiver` has to send it.
inline Bytes frame_to(Role receiver, Opcode opcode, ByteView payload, bool fin = true, bool rsv1 = false) {
  FrameHeader header{.fin = fin, .rsv1 = rsv1, .opcode = opcode};
  if (receiver == Role::server) header.mask = kMaskKey;
  Bytes out;
  encode_frame(header, payload, out);
  return out;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

// One line for each event, complete enough to compare two runs.
inline std::string show(const Event& event) {
  const auto shown = [](const std::optional<CloseReason>& r) {
    return r ? std::to_string(r->code) + " '" + r->text + "'" : std::string("none");
  };
  return std::visit(
      Overloaded{
          [](const event::Requested& e) { return "requested " + e.request.target + " " + e.facts.key; },
          [](const event::Opened& e) {
            return "opened '" + e.subprotocol + "'" + (e.deflate ? " deflate" : "") + " " +
                   std::to_string(e.response.status);
          },
          [](const event::Rejected& e) { return "rejected " + std::to_string(e.response.status); },
          [](const event::Frame& e) {
            return "frame " + std::string(name(e.header.opcode)) + " " + std::to_string(e.header.length) +
                   (e.header.fin ? " fin" : "") + (e.header.rsv1 ? " rsv1" : "");
          },
          [](const event::Text& e) { return "text " + e.data; },
          [](const event::Binary& e) { return "binary " + to_hex(e.data); },
          [](const event::Ping& e) { return "ping " + to_hex(e.payload); },
          [](const event::Pong& e) { return "pong " + to_hex(e.payload); },
          [&](const event::Close& e) { return "close " + shown(e.reason); },
          [](const event::Failed& e) {
            return "failed " + std::string(rule(e.violation).name) + " at " + std::to_string(e.offset);
          },
          [](const event::Closed& e) { return "closed " + std::to_string(e.code) + (e.clean ? " clean" : " unclean"); },
      },
      event);
}

inline std::vector<std::string> events(Connection& connection) {
  std::vector<std::string> lines;
  while (auto event = connection.next_event()) lines.push_back(show(*event));
  return lines;
}

// Everything that waits to be written, which then counts as written.
inline Bytes take_output(Connection& connection) {
  Bytes out = to_bytes(connection.output());
  connection.wrote(out.size());
  return out;
}

// All there is to see of a connection that received `input` in pieces that end at `cuts`, and then the
// end of TCP. A server accepts every request.
struct Trace {
  std::vector<std::string> events;
  Bytes output;
  bool operator==(const Trace&) const = default;
};

inline Trace trace(Connection connection, ByteView input, const std::vector<std::size_t>& cuts) {
  Trace seen;
  const auto look = [&] {
    while (auto event = connection.next_event()) {
      seen.events.push_back(show(*event));
      if (std::holds_alternative<event::Requested>(*event)) static_cast<void>(connection.submit(command::Accept{}));
    }
    append(seen.output, take_output(connection));
  };
  std::size_t at = 0;
  for (std::size_t cut : cuts) {
    cut = std::clamp(cut, at, input.size());
    connection.receive(input.subspan(at, cut - at));
    at = cut;
    look();
  }
  connection.receive(input.subspan(at));
  look();
  connection.receive_eof();
  look();
  return seen;
}

// A connection that waits for its opening handshake; a client has sent its request.
inline Connection connecting(Options o) {
  Connection connection(o);
  if (o.role == Role::client) {
    const std::vector<std::string> subprotocols = {"chat"};
    static_cast<void>(connection.submit(command::Connect{"server.example.com", "/chat", subprotocols, {}}));
    take_output(connection);
  }
  return connection;
}

inline std::string request_text(std::string_view more = {}) {
  return "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(more) + "\r\n";
}

inline std::string response_text(std::string_view more = {}) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
         std::string(more) + "\r\n";
}

}  // namespace ws::test
