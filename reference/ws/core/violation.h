// violation.h - every rule that a peer can break, in one table (violation.cc).
#pragma once
#include <ws/core/state.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace ws {

enum class Violation : std::uint8_t {
  // Frames: RFC 6455 5.
  reserved_bit,
  reserved_opcode,
  length_not_minimal,
  length_high_bit,
  mask_missing,
  mask_present,
  control_fragmented,
  control_too_long,
  continuation_unexpected,
  continuation_missing,
  frame_after_close,
  // Content: RFC 6455 5.5.1, 7.4, 8.1.
  text_not_utf8,
  close_payload_of_one,
  close_code_invalid,
  close_reason_not_utf8,
  // permessage-deflate: RFC 7692 6, 7.
  compressed_bit_misplaced,
  deflate_corrupt,
  // Limits: RFC 6455 10.4.
  frame_too_big,
  message_too_big,
  too_many_fragments,
  // Opening handshake, both directions: RFC 6455 4, RFC 9112.
  head_malformed,
  head_too_big,
  too_many_fields,
  http_version_too_low,
  upgrade_missing,
  connection_upgrade_missing,
  extensions_malformed,
  subprotocol_malformed,
  handshake_field_repeated,
  // Opening handshake, the client's request: RFC 6455 4.2.1.
  method_not_get,
  target_malformed,
  host_missing,
  key_missing,
  key_invalid,
  version_missing,
  version_unsupported,
  // Opening handshake, the server's answer: RFC 6455 4.1, RFC 7692 7.1.
  accept_missing,
  accept_wrong,
  extension_not_offered,
  extension_parameters_invalid,
  subprotocol_not_offered,
};

struct Rule {
  Violation id;
  std::string_view name;         // "reserved-bit": stable; reports and known.json use it
  std::uint16_t close_code;      // status code that we send when the peer breaks it; 0 in the opening handshake
  std::uint16_t http_status;     // status code of our HTTP answer to a request that breaks it; 0 elsewhere
  std::string_view requirement;  // of the receiver ("such a frame fails the connection"): "rfc6455-5.2-3", an id of
                                 // cases/requirements.json
  std::string_view sent_by_client, sent_by_server;  // of the sender ("such a frame is never sent"); "-": it cannot be
  std::string_view text;                            // one sentence for people
};

[[nodiscard]] const Rule& rule(Violation id) noexcept;
// The requirement that an endpoint breaks which sends such octets: rule() cites what binds the one that reads them.
[[nodiscard]] std::string_view requirement_of_sender(Violation id, Role sender) noexcept;
[[nodiscard]] std::span<const Rule> all_rules() noexcept;

}  // namespace ws
