// faults.h - the faults that a deviant peer can have, alone or together, each the breach of one requirement.
//
// A fault is one enumerator, one row in faults.cc, and its effect where the deviant peer looks for it (deviant_*.cc).
#pragma once
#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace ws::testing {

enum class Fault : std::uint8_t {
  none,
  // Server, opening handshake: the request.
  accepts_post,
  accepts_http_1_0,
  accepts_missing_host,
  accepts_missing_upgrade,
  accepts_any_upgrade,
  accepts_missing_connection,
  accepts_any_connection,
  accepts_missing_key,
  accepts_short_key,
  accepts_long_key,
  accepts_any_key,
  accepts_two_keys,
  accepts_missing_version,
  accepts_loose_version,
  accepts_any_version,
  hides_its_version,
  wants_exact_upgrade,
  wants_exact_connection,
  wants_connection_alone,
  wants_exact_field_names,
  wants_known_fields,
  wants_usual_order,
  wants_whole_head,
  wants_origin_form,
  wants_no_extensions,
  // Server, opening handshake: the answer.
  answers_200,
  omits_upgrade,
  omits_connection,
  omits_accept,
  constant_accept,
  accept_of_nonce,
  unasked_subprotocol,
  unasked_extension,
  empty_extensions,
  reads_body_as_frames,
  // Server, negotiation of permessage-deflate.
  accepts_unknown_parameter,
  accepts_repeated_parameter,
  accepts_window_16,
  accepts_window_7,
  accepts_leading_zero,
  accepts_takeover_value,
  forgets_no_takeover,
  answers_larger_window,
  unasked_client_window,
  looks_at_first_offer,
  // Both, the header of a frame.
  accepts_unmasked,
  accepts_masked,
  ignores_mask_bit,
  ignores_mask_bit_of_server,
  refuses_zero_key,
  masks_from_read,
  unmasks_first_1k,
  accepts_rsv1,
  accepts_rsv2,
  accepts_rsv3,
  accepts_rsv_on_control,
  accepts_rsv_on_continuation,
  accepts_rsv2_beside_deflate,
  ignores_reserved_data,
  ignores_reserved_control,
  accepts_opcode_7,
  accepts_opcode_15,
  accepts_length_high_bit,
  signed_length,
  refuses_length_64,
  refuses_empty_message,
  // Both, fragmentation and control frames.
  accepts_fragmented_ping,
  accepts_fragmented_close,
  ignores_fragmented_pong,
  accepts_empty_fragmented_control,
  ignores_fragmented_control_with_rsv1,
  accepts_long_ping,
  accepts_long_pong,
  accepts_long_close,
  ignores_stray_continuation,
  accepts_stray_continuation,
  accepts_continuation_after_compressed,
  accepts_text_inside,
  accepts_binary_inside,
  accepts_message_after_control,
  accepts_message_after_empty,
  ends_at_empty_fragment,
  refuses_fragments,
  refuses_fragmented_binary,
  reverses_fragments,
  refuses_ping_inside,
  refuses_pong_inside,
  loses_message_around_ping,
  ignores_pings,
  ignores_ping_of_125,
  answers_pongs,
  refuses_pong,
  empties_pongs,
  cuts_pongs,
  cuts_pongs_at_nul,
  withholds_pongs,
  // Both, frames sent.
  masks_frames,
  sends_unmasked,
  sends_unmasked_control,
  sends_rsv1,
  sends_rsv3,
  sends_reserved_opcode,
  sends_long_lengths,
  sends_64_bit_lengths,
  sends_fragmented_pong,
  sends_long_pong,
  sends_text_fragments,
  sends_stray_continuation,
  interleaves_messages,
  text_as_binary,
  corrupts_last_octet,
  cuts_at_nul,
  loses_empty_messages,
  // Both, UTF-8.
  accepts_any_text,
  accepts_surrogates,
  accepts_overlong,
  accepts_above_10ffff,
  accepts_truncated_text,
  checks_first_1k,
  checks_first_1k_uncompressed,
  checks_first_64k_uncompressed,
  checks_first_fragment,
  checks_fragments_alone,
  forgets_code_point_at_empty_fragment,
  checks_uncompressed_text,
  checks_inflated_pieces_alone,
  checks_binary,
  checks_pings,
  replaces_bad_text,
  strips_bom,
  refuses_noncharacters,
  refuses_nul,
  // Both, closing.
  ignores_close,
  answers_close_by_fin,
  accepts_close_of_one,
  accepts_bad_reason,
  refuses_empty_close,
  refuses_long_reason,
  refuses_close_3000,
  refuses_close_4000,
  refuses_close_1001,
  little_endian_close,
  sends_1005,
  sends_1006,
  sends_close_of_one,
  sends_bad_reason,
  sends_long_close,
  sends_data_after_close,
  sends_two_closes,
  keeps_tcp,
  waits_for_fin,
  fails_without_close,
  fails_with_1000,
  fails_with_1007,
  fails_with_1005,
  reads_after_failing,
  answers_pings_after_failing,
  // Both, permessage-deflate at work.
  accepts_rsv1_on_continuation,
  accepts_rsv1_on_control,
  refuses_uncompressed,
  refuses_final_block,
  refuses_stored_block,
  refuses_empty_compressed,
  refuses_control_inside,
  accepts_corrupt_deflate,
  inflates_fragments_alone,
  forgets_inflate_window,
  forgets_window_at_empty_message,
  forgets_tail,
  counts_uncompressed_in_window,
  keeps_window,
  exceeds_window,
  sends_tail,
  sends_rsv1_on_continuation,
  sends_rsv1_on_control,
  forgets_rsv1,
  sends_rsv1_uncompressed,
  sends_zlib_wrapper,
  // Client, opening handshake: the request.
  sends_post,
  sends_http_1_0,
  asks_without_host,
  asks_without_upgrade,
  asks_without_connection,
  asks_without_key,
  asks_without_version,
  asks_for_version_8,
  sends_short_key,
  sends_two_keys,
  constant_key,
  asks_for_bad_extension,
  asks_for_window_16,
  speaks_too_early,
  constant_masking_key,
  counting_masking_key,
  // Client, opening handshake: the answer.
  accepts_200,
  accepts_missing_answer_upgrade,
  accepts_wrong_answer_upgrade,
  accepts_missing_answer_connection,
  accepts_missing_accept,
  accepts_wrong_accept,
  accepts_unoffered_extension,
  accepts_unoffered_subprotocol,
  accepts_unknown_answer_parameter,
  accepts_repeated_answer_parameter,
  accepts_answer_window_16,
  wants_exact_answer,
  wants_answer_in_one_piece,
  drops_frames_behind_answer,
  // Both: a read that ends inside the header of a frame.
  completes_first_octet,
  completes_length_form,
  completes_length,
  completes_key,
  loses_first_octet,
  // Client, masking keys and nonces over many frames.
  lcg_masking_key,
  seeded_masking_key,
  process_masking_key,
  lcg_key,
  // Both, the end of TCP and TLS.
  resets_after_failing,
  ends_without_close_notify,
  // Server: an answer with fields that have no meaning in it; a refusal that lacks one.
  answers_with_length,
  answers_with_coding,
  refuses_without_allow,
  accepts_bad_length,
  accepts_bad_coding,
  // Server: what is left of a connection that has ended.
  keeps_memory,
  keeps_sockets,
  never_rests,
  // Client.
  accepts_accept_in_any_case,
  asks_with_length,
  // Server, a socket that is full.
  tears_frames_when_full,
  drops_frames_when_full,
  drops_pongs_when_full,
  blocks_for_slow_reader,
  // Server, time and earlier requests.
  ends_idle_connection,
  ends_busy_connection,
  ends_after_earlier_request,
  // Server, several connections.
  shares_fragments,
  shares_window,
  ends_all_with_one,
  ends_all_for_a_fault,
};

// What one endpoint does wrong. Faults that exclude each other (two codes for one Close) do not both show.
class FaultSet {
 public:
  FaultSet(Fault fault = Fault::none) { add(fault); }  // NOLINT(google-explicit-constructor): one fault is a set of one
  FaultSet(std::initializer_list<Fault> faults) {
    for (const Fault fault : faults) add(fault);
  }
  void add(Fault fault) { has_.set(static_cast<std::size_t>(fault)); }
  [[nodiscard]] bool has(Fault fault) const { return has_.test(static_cast<std::size_t>(fault)); }
  [[nodiscard]] bool has_any(std::span<const Fault> faults) const {
    for (const Fault fault : faults)
      if (has(fault)) return true;
    return false;
  }

 private:
  std::bitset<256> has_;  // one for each value of Fault
};

struct FaultRow {
  Fault fault;
  std::string_view name;         // "accepts-rsv2"
  std::string_view requirement;  // that it breaks: "rfc6455-5.2-3", an id of cases/requirements.json
  bool server, client;           // which roles can have it
  bool must;                     // what can be seen of it breaks a MUST, not a SHOULD
  std::string_view text;         // "overlooks RSV2"
};

// All but `none`, in the order of the enumerators.
[[nodiscard]] std::span<const FaultRow> faults() noexcept;
// Null when there is none of that name.
[[nodiscard]] const FaultRow* find_fault(std::string_view name) noexcept;

}  // namespace ws::testing
