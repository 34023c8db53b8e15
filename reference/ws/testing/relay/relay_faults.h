// relay_faults.h - the faults that an intermediary can have, alone, each the breach of one requirement.
//
// A fault is one enumerator, one row in relay_faults.cc, and its effect where the relay looks for it (relay_*.cc).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace ws::testing {

enum class RelayFault : std::uint8_t {
  none,
  // The request.
  forwards_named_fields,
  forwards_fields_named_in_a_second_line,
  forwards_fields_named_in_other_letters,
  forwards_upgrade_of_http_1_0,
  drops_subprotocol,
  drops_extensions,
  drops_unknown_fields,
  reverses_fields,
  makes_get_of_post,
  makes_post_of_get,
  forwards_length_without_content,
  forwards_content_without_length,
  cuts_content,
  keeps_length_beside_chunked,
  forwards_blank_before_colon,
  forwards_request_without_host,
  forwards_two_hosts,
  forwards_bad_length,
  forwards_controls,
  cuts_long_fields,
  // The answer.
  passes_unasked_101,
  makes_101_of_refusal,
  tunnels_after_refusal,
  tunnels_after_426,
  tunnels_after_200,
  takes_length_of_101,
  takes_interim_as_answer,
  answers_500_for_refusal,
  forwards_named_fields_of_answer,
  drops_subprotocol_of_answer,
  drops_extensions_of_answer,
  loses_octets_after_101,
  loses_octets_after_request,
  // The tunnel.
  changes_an_octet,
  loses_an_octet,
  repeats_a_piece,
  drops_zeros,
  ends_lines,
  drops_pings,
  drops_pongs,
  answers_pings,
  waits_for_blocks,
  ends_after_a_mebibyte,
  unmasks,
  clears_rsv,
  joins_fragments,
  waits_for_the_client,
  // The ends.
  loses_last_octets_of_client,
  loses_last_octets_of_server,
  keeps_server_after_client,
  keeps_client_after_server,
  adds_a_close,
  drops_earlier_via,
  adds_an_extension,
  reverses_cookies,
  joins_cookies,
  drops_parameters_of_answer,
  changes_words,
  serves_leftovers,
  stops_all_for_one_reader,
  mixes_tunnels,
  ends_all_with_one,
  // HTTP/2 in front.
  http2_keeps_the_clients_key,
  http2_has_one_key,
  http2_takes_any_accept,
  http2_takes_any_protocol,
  http2_takes_two_protocols,
  http2_takes_any_connect,
  http2_upgrades_a_get,
  http2_forwards_line_ends,
  http2_forwards_any_path,
  http2_forwards_capitals,
  http2_forwards_fields_of_one_connection,
  http2_forwards_length,
  http2_uses_host,
  http2_splits_cookies,
  http2_opens_for_200,
  http2_resets_refusals,
  http2_answers_101,
  http2_forwards_upgrade_of_101,
  http2_ends_all_with_one,
};

struct RelayFaultRow {
  RelayFault fault;
  std::string_view name;         // "forwards-named-fields"
  std::string_view requirement;  // that it breaks
  bool must;                     // a MUST; otherwise a SHOULD
  std::string_view text;         // for people
};

[[nodiscard]] std::span<const RelayFaultRow> relay_faults() noexcept;
[[nodiscard]] const RelayFaultRow* find_relay_fault(std::string_view name) noexcept;

}  // namespace ws::testing
