// finding.h - every check that a judge of endpoints makes: its name, the requirement that is broken, what tells one
// cause from another, and the words for people. The runner's judge, the testing kit's oracle and the fuzzer share them.
//
// A judge names the kind and gives the facts; sentences are made here and read by nobody but people. Names are stable:
// journals, reports and names of clusters hold them.
#pragma once
#include <ws/core/state.h>
#include <ws/core/violation.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ws::rules {

enum class FindingKind : std::uint8_t {
  // The endpoint's own frames.
  octets_illegal,
  bad_code_repeated,
  second_close,
  data_after_close,
  answered_after_failing,
  code_1010_from_server,
  compressed_message_empty,
  mask_key_constant,
  mask_key_counts,
  mask_key_predictable,
  mask_key_sequence,
  mask_key_repeats,
  mask_key_bits_stuck,
  mask_key_biased,
  frames_without_end,
  // Messages.
  echo_not_judged,
  message_unexpected,
  message_after_fault,
  message_differs,
  message_type_differs,
  byte_order_mark_lost,
  message_missing,
  message_before_fault_unanswered,
  message_before_close_unanswered,
  // Ping and Pong.
  pong_missing,
  pong_late,
  pong_for_pong,
  pong_twice,
  pong_unsolicited,
  pong_for_latest_only,
  // A connection on which nothing is wrong.
  closed_unasked,
  legal_octets_refused,
  failed_too_early,
  tcp_ended_unasked,
  // The answer to a Close.
  close_unanswered,
  close_answered_by_end_of_tcp,
  close_answer_lost,
  close_answer_says_error,
  close_answer_other_code,
  close_answer_empty,
  close_code_left_open,
  // A connection that has to fail, or may.
  fault_ignored,
  fault_noticed_late,
  failed_without_close,
  failing_code_wrong,
  failing_close_empty,
  failed_by_choice,
  failed_by_choice_code,
  // The end of TCP.
  tcp_left_open,
  tcp_kept_open,
  tcp_left_open_after_close,
  tcp_left_open_after_fin,
  tcp_ended_second,
  tcp_ended_first,
  tcp_reset_after_failing,
  tls_not_closed,
  // A server's answer to the opening handshake.
  opening_accepted,
  opening_refused,
  opening_unanswered,
  opening_unfinished,
  answer_illegal,
  answer_before_request,
  answer_has_length,
  answer_has_coding,
  refusal_not_http,
  refusal_by_end_of_tcp,
  refusal_status,
  refusal_says_no_error,
  refusal_field_missing,
  refusal_upgrade_missing,
  refusal_allow_missing,
  refusal_challenge_missing,
  offer_refused,
  offer_declined,
  agreement_too_small,
  limit_not_repeated,
  // A client's request, and what it makes of the answer.
  request_illegal,
  offer_unknown_parameter,
  offer_too_narrow,
  key_pad_bits,
  key_repeated,
  key_biased,
  request_has_length,
  answer_accepted,
  answer_refused,
  answer_not_wanted,
  answer_refused_by_close,
  answer_refused_late,
  answer_kept_open,
  answer_left_open,
  // Every head.
  list_element_empty,
  field_repeated,
  field_folded,
  length_beside_coding,
  // Beside the connection.
  endpoint_harmed,
  endpoint_slowed,
  endpoint_died,
  connections_mixed,
};

// What a MUST broken, a SHOULD broken, or a choice that the RFC leaves weighs.
enum class Weight : std::uint8_t { free, should, must };

// What is known of one case of it; a kind uses those that its words name.
struct Facts {
  std::optional<Violation> violation{};  // {rule}
  std::uint64_t offset = 0;              // {offset}: octets
  std::vector<std::uint16_t> codes{};    // {codes}: that fit
  std::optional<std::uint16_t> code{};   // {code}: that came, of a Close or of HTTP; nothing: {code} is "no code"
  std::string what{};                    // {what}: the field, the parameter, the payload in question
  std::string wanted{};                  // {wanted}: what should have come in its place
  std::string instead{};                 // {instead}: what came, or how it ended
  std::uint64_t number = 0, of = 0;      // {number}, {of}; {messages}, {came}: so many of them did
};

// Which of the facts is the evidence: of equal kinds with equal evidence one mend takes away all. Never an offset or a
// number.
enum class Evidence : std::uint8_t { none, violation, code, what };

struct FindingRow {
  FindingKind kind;
  std::string_view name;         // "close-unanswered"
  std::string_view requirement;  // of a server, or of both sides; empty: the facts or the case know it
  std::string_view of_client;    // of a client, where it is another; empty: the same
  Weight weight;                 // by the level of the requirement, unless `choice` decides
  std::string_view choice;       // "C-22": the row of cases/choices.json that decides the weight; may be empty
  Evidence evidence;
  std::string_view expected, seen;  // templates
};

[[nodiscard]] const FindingRow& row(FindingKind kind) noexcept;
[[nodiscard]] std::span<const FindingRow> finding_rows() noexcept;
[[nodiscard]] std::optional<FindingKind> finding_kind(std::string_view name) noexcept;
[[nodiscard]] std::string_view name(FindingKind kind) noexcept;

// The requirement that is broken when nobody knows better. Of octets_illegal, request_illegal and answer_illegal that
// of the sender of `facts.violation`; empty for kinds whose requirement is the case's.
[[nodiscard]] std::string requirement_of(FindingKind kind, const Facts& facts, Role endpoint);

// "reserved-bit", "1011", "Host"; empty: the kind says all.
[[nodiscard]] std::string evidence_of(FindingKind kind, const Facts& facts);

// For people, without a full stop: what the endpoint should have done, and what it did.
[[nodiscard]] std::string expected_text(FindingKind kind, const Facts& facts);
[[nodiscard]] std::string seen_text(FindingKind kind, const Facts& facts);

// "1002 or 1007"
[[nodiscard]] std::string codes_text(std::span<const std::uint16_t> codes);

}  // namespace ws::rules
