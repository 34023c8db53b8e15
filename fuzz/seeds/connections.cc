// What a peer sends in each case of the catalogue, as inputs of the connection targets (fuzz/support/conversation.h).
#include "fuzz/seeds/frames_of.h"
#include "fuzz/seeds/seeds.h"

#include "ws/core/connection/test_support.h"

namespace fuzz {
namespace {

using ws::Bytes;
using ws::Role;

constexpr std::byte kOpened{1}, kReportFrames{2}, kSmallLimits{4}, kExpires{8}, kDeflate{16}, kTakesPieces{64},
    kLendsMemory{128};

std::string target_of(Role role) { return role == Role::server ? "connection_server" : "connection_client"; }

Bytes input(std::byte how, std::byte deflate, int script, std::size_t moment, const Bytes& octets) {
  Bytes out = {how, deflate, static_cast<std::byte>(script), static_cast<std::byte>(moment)};
  ws::append(out, octets);
  return out;
}

void seeds_of_cases(Corpus& corpus, Role role) {
  for (const touchstone::Case& c : touchstone::Catalogue::built_in().cases()) {
    if (c.bulk || c.two_sided) continue;
    const auto deflate = deflate_of(c);
    const Bytes octets = frames_of(c, role, deflate);
    std::byte how = kOpened | kReportFrames;
    if (deflate) how |= kDeflate;
    const std::byte parameters = deflate ? octet_of(*deflate) : std::byte{0};
    corpus.add(target_of(role), c.id, input(how, parameters, 0, 0, octets));
    if (c.id.contains("fragment"))
      corpus.add(target_of(role), c.id + "-pieces", input(how | kTakesPieces | kLendsMemory, parameters, 2, 9, octets));
  }
}

// One conversation with every script of commands, in every kind of connection.
void seeds_of_scripts(Corpus& corpus, Role role) {
  const ws::DeflateParams small{.server_max_window_bits = 9, .client_max_window_bits = 10};
  const Bytes frames = ws::test::operator+(ws::test::frame_to(role, ws::Opcode::ping, {}),
                                           ws::test::frame_to(role, ws::Opcode::close, ws::as_octets("\x03\xe8")));
  const std::string head =
      role == Role::server
          ? ws::test::request_text("Sec-WebSocket-Protocol: chat, superchat\r\nExpect: 100-continue\r\n")
          : ws::test::response_text("Sec-WebSocket-Protocol: chat\r\n");
  Bytes whole = ws::to_bytes(head);
  ws::append(whole, frames);
  for (int script = 0; script < 8; ++script) {
    const std::string name = "script-" + std::to_string(script);
    corpus.add(target_of(role), name, input(kOpened, {}, script, 3, frames));
    corpus.add(target_of(role), name + "-deflate", input(kOpened | kDeflate, octet_of(small), script, 3, frames));
    corpus.add(target_of(role), name + "-expires", input(kOpened | kExpires | kSmallLimits, {}, script, 0, frames));
    corpus.add(target_of(role), name + "-handshake", input({}, {}, script, 255, whole));
  }
  if (role == Role::client) return;
  for (const int script :
       {128, 224 + 0, 224 + 1, 224 + 3, 224 + 4, 224 + 5, 224 + 6, 224 + 8, 224 + 10, 224 + 18, 224 + 26, 224 + 31})
    corpus.add(target_of(role), "answer-" + std::to_string(script), input({}, {}, script, 255, whole));
  for (int script = 192; script < 208; ++script)
    corpus.add(target_of(role), "answer-" + std::to_string(script), input({}, {}, script, 255, whole));
}

void seeds_of_handshakes(Corpus& corpus, Role role) {
  for (const touchstone::Case& c : touchstone::Catalogue::built_in().cases()) {
    if (c.bulk || !c.needs_deflate) continue;
    const auto params = *deflate_of(c);
    std::string fields;
    for (const std::string& element : c.offer) fields += "Sec-WebSocket-Extensions: " + element + "\r\n";
    std::string head = ws::test::request_text(fields);
    if (role == Role::client) {
      const auto offers = ws::parse_extensions(c.offer.empty() ? "permessage-deflate" : c.offer.front());
      const auto agreed = offers ? ws::accept_deflate(*offers) : std::nullopt;
      if (!agreed) continue;
      head = ws::test::response_text("Sec-WebSocket-Extensions: " + ws::serialize({agreed->response}) + "\r\n");
    }
    Bytes octets = ws::to_bytes(head);
    ws::append(octets,
               ws::test::frame_to(role, ws::Opcode::text, ws::as_octets("\xf2\x48\xcd\xc9\xc9\x07"), true, true));
    corpus.add(target_of(role), "handshake-" + c.id, input(kDeflate | kTakesPieces, octet_of(params), 0, 0, octets));
  }
}

}  // namespace

void seeds_of_connections(Corpus& corpus) {
  for (const Role role : {Role::server, Role::client}) {
    seeds_of_cases(corpus, role);
    seeds_of_scripts(corpus, role);
    seeds_of_handshakes(corpus, role);
  }
}

}  // namespace fuzz
