#include <ws/core/close.h>
#include <ws/core/enumerators.h>
#include <ws/rules/codes.h>
#include <ws/rules/finding.h>

#include <algorithm>
#include <iterator>

namespace ws::rules {
namespace {

using enum FindingKind;

// Words in braces are Facts. C-..: cases/choices.json says why the weight is not that of the requirement's level, or
// what the RFC leaves free.
// clang-format off: a table, one check a row: kind, name, requirement, of a client, weight, choice, evidence, expected,
// seen
constexpr FindingRow kRows[] = {
    {octets_illegal, "octets-illegal", "", "", Weight::must, "", Evidence::violation,
     "its octets keep the rules for frames",
     "{rule} (at byte {offset} of what it sent)"},
    {bad_code_repeated, "close-code-repeated", "rfc6455-7.4.2-5", "", Weight::should, "C-29", Evidence::none,
     "a Close with a status code that may be sent",
     "it repeated the tester's code in its Close, which nobody may send"},
    {second_close, "second-close", "rfc6455-5.5.1-14", "", Weight::must, "", Evidence::none,
     "it sends one Close at most",
     "it sent a second Close"},
    {data_after_close, "data-after-close", "rfc6455-5.5.1-9", "", Weight::must, "", Evidence::none,
     "it sends no data after its own Close",
     "it sent a data frame after its Close"},
    {answered_after_failing, "answered-after-failing", "rfc6455-7.1.7-7", "", Weight::must, "", Evidence::none,
     "after its Close for a fault it only ends TCP",
     "it answered a Ping that was sent after the fault, when it had failed the connection already"},
    {code_1010_from_server, "close-1010-from-server", "rfc6455-7.4.1-16", "", Weight::must, "", Evidence::none,
     "a server does not send the status code 1010",
     "it sent Close 1010"},
    {compressed_message_empty, "compressed-message-empty", "rfc7692-7.2.2-12", "", Weight::should, "C-37", Evidence::none,
     "an empty message that is compressed is the single byte 00",
     "it sent RSV1 without any payload"},
    {mask_key_constant, "mask-key-constant", "rfc6455-5.3-4", "", Weight::must, "", Evidence::none,
     "a fresh, unpredictable masking key for each frame",
     "{instead}"},
    {mask_key_counts, "mask-key-counts", "rfc6455-5.3-4", "", Weight::must, "", Evidence::none,
     "a fresh, unpredictable masking key for each frame",
     "{instead}"},
    {mask_key_predictable, "mask-key-predictable", "rfc6455-5.3-4", "", Weight::must, "", Evidence::none,
     "masking keys from which nobody can tell the next one",
     "{instead}"},
    {mask_key_sequence, "mask-key-sequence", "rfc6455-5.3-4", "", Weight::must, "", Evidence::none,
     "masking keys from which nobody can tell the next one",
     "{instead}"},
    {mask_key_repeats, "mask-key-repeats", "rfc6455-5.3-4", "", Weight::should, "C-17", Evidence::none,
     "a fresh, unpredictable masking key for each frame",
     "{instead}"},
    {mask_key_bits_stuck, "mask-key-bits-stuck", "rfc6455-5.3-4", "", Weight::should, "C-17", Evidence::none,
     "a fresh, unpredictable masking key for each frame",
     "{instead}"},
    {mask_key_biased, "mask-key-biased", "rfc6455-5.3-4", "", Weight::should, "C-17", Evidence::none,
     "a fresh, unpredictable masking key for each frame",
     "{instead}"},
    {frames_without_end, "frames-without-end", "rfc6455-6.2-4", "", Weight::should, "C-25", Evidence::none,
     "it sends what it was asked for, and little else",
     "it sent more than the tester keeps, and the case ended there"},
    {echo_not_judged, "echo-not-judged", "rfc6455-6.2-4", "", Weight::free, "", Evidence::none,
     "messages come back from an endpoint that echoes",
     "this one does not echo: that it took them is what was checked"},
    {message_unexpected, "message-unexpected", "rfc6455-6.2-4", "", Weight::must, "", Evidence::none,
     "it sends no message {number}: nothing asks for one",
     "it sent one: {instead}"},
    {message_after_fault, "message-after-fault", "rfc6455-7.1.7-7", "", Weight::must, "", Evidence::none,
     "from the fault on it processes no data",
     "message {number} came back: {instead}"},
    {message_differs, "message-differs", "rfc6455-6.2-4", "", Weight::must, "", Evidence::none,
     "message {number} comes back as {wanted}",
     "{instead}; the first difference is at byte {offset}"},
    {message_type_differs, "message-type-differs", "rfc6455-6.2-3", "", Weight::must, "", Evidence::none,
     "message {number} comes back as {wanted}",
     "{instead}"},
    {byte_order_mark_lost, "byte-order-mark-lost", "rfc3629-6-1", "", Weight::should, "", Evidence::none,
     "the text comes back with U+FEFF at its beginning",
     "the text came back without it"},
    {message_missing, "message-missing", "rfc6455-6.2-4", "", Weight::must, "", Evidence::none,
     "{messages}",
     "{came}; {instead}"},
    {message_before_fault_unanswered, "message-before-fault-unanswered", "rfc6455-7.1.7-1", "rfc6455-7.1.7-1", Weight::free, "C-14", Evidence::none,
     "messages before the fault may be answered or not",
     "{number} of {of} messages came back"},
    {message_before_close_unanswered, "message-before-close-unanswered", "rfc6455-5.5.1-15", "", Weight::free, "C-19", Evidence::none,
     "messages before a Close may be answered or not",
     "{number} of {of} messages came back"},
    {pong_missing, "pong-missing", "rfc6455-5.5.2-2", "", Weight::must, "", Evidence::none,
     "it answers Ping {number} with a Pong",
     "no Pong came for it; {instead}"},
    {pong_late, "pong-late", "rfc6455-5.5.2-3", "", Weight::should, "", Evidence::none,
     "it answers a Ping as soon as it can",
     "{instead}"},
    {pong_for_pong, "pong-for-pong", "rfc6455-5.5.3-4", "", Weight::must, "", Evidence::none,
     "it does not answer a Pong",
     "it sent a Pong with the payload of the tester's Pong, {what}"},
    {pong_twice, "pong-twice", "rfc6455-5.5.3-2", "", Weight::should, "C-26", Evidence::none,
     "it answers a Ping once, and Pings in their order",
     "it sent a second or a late Pong, {what}"},
    {pong_unsolicited, "pong-unsolicited", "rfc6455-5.5.3-3", "", Weight::free, "C-25", Evidence::none,
     "Pongs that nobody asked for are allowed",
     "it sent the Pong {what}"},
    {pong_for_latest_only, "pong-for-latest-only", "rfc6455-5.5.3-2", "", Weight::free, "C-26", Evidence::none,
     "it answers each Ping, or the latest only",
     "it answered {number} of {of} Pings, the latest among them"},
    {closed_unasked, "closed-unasked", "rfc6455-7.3-1", "rfc6455-7.3-2", Weight::free, "C-27", Evidence::none,
     "the connection stays open until the tester closes it",
     "{instead}"},
    {legal_octets_refused, "legal-octets-refused", "rfc6455-6.2-1", "", Weight::must, "", Evidence::code,
     "it goes on: all that was sent keeps the rules",
     "{instead}"},
    {failed_too_early, "failed-too-early", "rfc6455-6.2-1", "", Weight::must, "", Evidence::code,
     "it goes on up to the fault: what was sent before it keeps the rules",
     "{instead}"},
    {tcp_ended_unasked, "tcp-ended-unasked", "rfc6455-7.3-3", "", Weight::must, "", Evidence::none,
     "the connection stays open, or ends with a closing handshake",
     "{instead}"},
    {close_unanswered, "close-unanswered", "rfc6455-5.5.1-10", "", Weight::must, "", Evidence::none,
     "it answers a Close with a Close",
     "{instead}"},
    {close_answered_by_end_of_tcp, "close-answered-by-end-of-tcp", "rfc6455-5.5.1-10", "", Weight::must, "", Evidence::none,
     "it answers a Close with a Close",
     "{instead}"},
    {close_answer_lost, "close-answer-lost", "rfc6455-5.5.1-10", "", Weight::should, "C-22", Evidence::none,
     "it answers a Close with a Close, which arrives",
     "{instead}"},
    {close_answer_says_error, "close-answer-says-error", "rfc6455-5.5.1-11", "", Weight::should, "C-22", Evidence::code,
     "it answers the Close with {codes}, or with another code that says no error",
     "it answered with {code}, which says that something was wrong"},
    {close_answer_other_code, "close-answer-other-code", "rfc6455-5.5.1-11", "", Weight::free, "C-22", Evidence::none,
     "the status code of the answer to a Close is free",
     "it answered with {code}"},
    {close_answer_empty, "close-answer-empty", "rfc6455-5.5.1-11", "", Weight::free, "C-22", Evidence::none,
     "the status code of the answer to a Close is free",
     "it answered with an empty Close"},
    {close_code_left_open, "close-code-left-open", "rfc6455-7.4.2-1", "", Weight::free, "C-29", Evidence::none,
     "it accepts the status code or refuses it: the RFC leaves that open",
     "{instead}"},
    {fault_ignored, "fault-ignored", "", "", Weight::must, "", Evidence::none,
     "it fails the connection, with Close {codes} or by ending TCP",
     "{instead}"},
    {fault_noticed_late, "fault-noticed-late", "rfc6455-7.1.7-7", "", Weight::should, "C-14", Evidence::none,
     "it fails the connection and processes nothing more",
     "it answered a Ping that was sent after the fault, and only then failed the connection with {code}"},
    {failed_without_close, "failed-without-close", "rfc6455-7.1.7-5", "", Weight::should, "", Evidence::none,
     "it sends Close {codes} before it ends TCP",
     "{instead}"},
    {failing_code_wrong, "failing-code-wrong", "rfc6455-7.1.7-5", "", Weight::should, "", Evidence::code,
     "it fails the connection with Close {codes}",
     "it sent Close {code}"},
    {failing_close_empty, "failing-close-empty", "rfc6455-7.1.7-5", "", Weight::free, "C-13", Evidence::none,
     "it fails the connection with Close {codes} or an empty Close",
     "it sent an empty Close"},
    {failed_by_choice, "failed-by-choice", "", "", Weight::free, "C-15", Evidence::none,
     "it goes on, or fails the connection with Close {codes}: the RFC leaves that open",
     "{instead}"},
    {failed_by_choice_code, "failed-by-choice-code", "rfc6455-7.1.7-5", "", Weight::should, "", Evidence::code,
     "it goes on, or fails the connection with Close {codes}",
     "{instead}"},
    {tcp_left_open, "tcp-left-open", "rfc6455-5.5.1-17", "", Weight::must, "", Evidence::none,
     "it closes TCP after the closing handshake",
     "it left TCP open, even after the tester had ended its side"},
    {tcp_kept_open, "tcp-kept-open", "rfc6455-5.5.1-17", "", Weight::must, "", Evidence::none,
     "the server closes TCP at once after the closing handshake",
     "it left TCP open until the client ended its side"},
    {tcp_left_open_after_close, "tcp-left-open-by-client", "rfc6455-5.5.1-16", "", Weight::should, "C-24", Evidence::none,
     "the client closes TCP after the closing handshake and the tester's FIN",
     "it left TCP open for as long as the tester waited"},
    {tcp_left_open_after_fin, "tcp-left-open-after-fin", "rfc6455-7.1.1-1", "rfc6455-7.2.1-2", Weight::should, "C-40", Evidence::none,
     "it ends TCP too after the tester ended its side",
     "it left TCP open"},
    {tcp_ended_second, "tcp-ended-second", "rfc6455-7.1.1-3", "", Weight::should, "", Evidence::none,
     "the server closes TCP first",
     "it left TCP open while the client waited for it to close"},
    {tcp_ended_first, "tcp-ended-first", "rfc6455-7.1.1-6", "", Weight::should, "", Evidence::none,
     "the client waits for the server to close TCP",
     "it ended its side as soon as it had answered the Close"},
    {tcp_reset_after_failing, "tcp-reset-after-failing", "rfc6455-7.1.1-1", "", Weight::should, "", Evidence::none,
     "it ends TCP cleanly, and discards what still comes",
     "it reset TCP after its Close, with bytes of the tester unread: a Close may be lost on its way then"},
    {tls_not_closed, "tls-not-closed", "rfc6455-7.1.1-1", "", Weight::should, "C-24", Evidence::none,
     "it ends TLS (close_notify) before it ends TCP",
     "TCP ended without close_notify, as if somebody had cut it"},
    {opening_accepted, "opening-accepted", "", "", Weight::must, "", Evidence::none,
     "it refuses this request with {wanted}",
     "it accepted it with 101"},
    {opening_refused, "opening-refused", "", "", Weight::must, "", Evidence::none,
     "it accepts this request with 101",
     "{instead}"},
    {opening_unanswered, "opening-unanswered", "rfc6455-4.2.1-1", "", Weight::must, "", Evidence::none,
     "it answers the request with {wanted}",
     "{instead}"},
    {opening_unfinished, "opening-unfinished", "rfc9112-2.2-2", "", Weight::free, "C-39", Evidence::none,
     "it answers, or waits until an empty line ends with CRLF",
     "{instead}"},
    {answer_illegal, "answer-illegal", "", "", Weight::must, "", Evidence::violation,
     "it answers the opening handshake by the rules",
     "{rule}"},
    {answer_before_request, "octets-before-request", "rfc6455-4.2.1-20", "rfc6455-4.1-35", Weight::must, "", Evidence::none,
     "it sends nothing before the tester's head is complete",
     "it sent octets before that"},
    {answer_has_length, "answer-has-length", "rfc9110-8.6-1", "", Weight::must, "", Evidence::none,
     "no Content-Length in an answer with a status from 100 to 199",
     "Content-Length: {instead}"},
    {answer_has_coding, "answer-has-coding", "rfc9112-6.1-1", "", Weight::must, "", Evidence::none,
     "no Transfer-Encoding in an answer with a status from 100 to 199",
     "Transfer-Encoding: {instead}"},
    {refusal_not_http, "refusal-not-http", "rfc6455-10.7-4", "", Weight::should, "", Evidence::none,
     "it refuses this request with {wanted}",
     "{instead}"},
    {refusal_by_end_of_tcp, "refusal-by-end-of-tcp", "rfc6455-10.7-4", "", Weight::should, "", Evidence::none,
     "it refuses this request with {wanted}",
     "{instead}"},
    {refusal_status, "refusal-status", "rfc6455-10.7-4", "", Weight::should, "", Evidence::code,
     "it refuses this request with {wanted}",
     "it refused it with {code}"},
    {refusal_says_no_error, "refusal-says-no-error", "rfc6455-4.2.1-1", "", Weight::should, "C-08", Evidence::code,
     "it refuses this request with {wanted}",
     "it answered {code}, which says no error"},
    {refusal_field_missing, "refusal-field-missing", "rfc6455-4.2.2-7", "", Weight::must, "", Evidence::what,
     "its refusal has the field {what}",
     "the refusal {code} has no such field"},
    {refusal_upgrade_missing, "refusal-upgrade-missing", "rfc9110-15.5.22-1", "", Weight::must, "", Evidence::none,
     "its 426 has an Upgrade field",
     "the 426 has none"},
    {refusal_allow_missing, "refusal-allow-missing", "rfc9110-15.5.6-1", "", Weight::must, "", Evidence::none,
     "its 405 has an Allow field with the methods that it supports",
     "the 405 has none"},
    {refusal_challenge_missing, "refusal-challenge-missing", "rfc9110-15.5.2-1", "", Weight::must, "", Evidence::none,
     "its 401 has a WWW-Authenticate field",
     "the 401 has none"},
    {offer_refused, "offer-refused", "rfc7692-7-5", "", Weight::should, "C-36", Evidence::none,
     "it accepts the request with 101, with the extension or without it",
     "{instead}"},
    {offer_declined, "offer-declined", "rfc7692-5-14", "", Weight::free, "C-33", Evidence::none,
     "it accepts an offer of the extension, or none",
     "it chose no extension"},
    {agreement_too_small, "agreement-too-small", "rfc7692-7-4", "", Weight::free, "C-33", Evidence::none,
     "parameters under which the data of this case is legal",
     "{instead}"},
    {limit_not_repeated, "limit-not-repeated", "rfc7692-7.1.2.1-5", "", Weight::should, "C-33", Evidence::none,
     "it repeats the limit that it accepts in its answer",
     "it left the limit out, which says 15 as well.{instead}"},
    {request_illegal, "request-illegal", "", "", Weight::must, "", Evidence::violation,
     "its request for the opening handshake keeps the rules",
     "{rule}"},
    {offer_unknown_parameter, "offer-unknown-parameter", "rfc6455-9.1-4", "", Weight::must, "", Evidence::none,
     "its offer has the parameters that RFC 7692 7.1 defines",
     "{instead}"},
    {offer_too_narrow, "offer-too-narrow", "rfc7692-5-1", "", Weight::free, "C-33", Evidence::none,
     "its offer allows the answer that this case is about, or not",
     "{instead}"},
    {key_pad_bits, "key-pad-bits", "rfc6455-4.1-24", "", Weight::should, "C-09", Evidence::none,
     "its key is Base64 with pad bits of zero (RFC 4648 3.5)",
     "{instead}"},
    {key_repeated, "key-repeated", "rfc6455-4.1-25", "", Weight::must, "", Evidence::none,
     "a new key, chosen at random, for each connection",
     "{instead}"},
    {key_biased, "key-biased", "rfc6455-4.1-25", "", Weight::should, "C-17", Evidence::none,
     "a new key, chosen at random, for each connection",
     "{instead}"},
    {request_has_length, "request-has-length", "", "rfc9110-8.6-2", Weight::should, "", Evidence::none,
     "no Content-Length in a GET without a body",
     "Content-Length: {instead}"},
    {answer_accepted, "answer-accepted", "", "", Weight::must, "", Evidence::none,
     "it does not take this answer to the opening handshake",
     "{instead}"},
    {answer_refused, "answer-refused", "", "", Weight::must, "", Evidence::none,
     "it takes this answer to the opening handshake and opens",
     "{instead}"},
    {answer_not_wanted, "answer-not-wanted", "rfc7692-5.1-1", "", Weight::free, "C-34", Evidence::none,
     "it takes this answer and opens, if it can and wants to",
     "{instead}"},
    {answer_refused_by_close, "answer-refused-by-close", "rfc6455-4.1-36", "", Weight::should, "C-34", Evidence::none,
     "it fails the connection before that is open",
     "it sent a Close for the fault"},
    {answer_refused_late, "answer-refused-late", "rfc6455-7.1.7-1", "", Weight::should, "C-13", Evidence::none,
     "it ends TCP for this answer",
     "it ended TCP only after the tester had"},
    {answer_kept_open, "answer-kept-open", "rfc6455-4.1-37", "", Weight::should, "C-06", Evidence::none,
     "it ends the connection that the server refused to switch",
     "it left TCP open, even after the tester had ended its side"},
    {answer_left_open, "answer-left-open", "rfc6455-7.1.7-1", "", Weight::must, "", Evidence::none,
     "it ends TCP for this answer",
     "it left TCP open, even after the tester had ended its side"},
    {list_element_empty, "list-element-empty", "rfc9110-5.6.1.1-1", "", Weight::must, "", Evidence::what,
     "its lists have no empty elements",
     "{what}: {instead}"},
    {field_repeated, "field-repeated", "rfc9110-5.3-1", "", Weight::must, "", Evidence::what,
     "it sends {what} at most once",
     "it sent more than one"},
    {field_folded, "field-folded", "rfc9112-5.2-1", "", Weight::must, "", Evidence::none,
     "it does not fold field lines",
     "it sent a line that starts with a blank"},
    {length_beside_coding, "length-beside-coding", "rfc9112-6.2-1", "", Weight::must, "", Evidence::none,
     "it sends no Content-Length beside Transfer-Encoding",
     "it sent both"},
    {endpoint_harmed, "endpoint-harmed", "rfc6455-10.4-1", "", Weight::must, "", Evidence::what,
     "{wanted}",
     "{instead}"},
    {endpoint_slowed, "endpoint-slowed", "rfc6455-10.4-1", "", Weight::should, "C-01", Evidence::none,
     "{wanted}",
     "{instead} (by the clock, not by its octets)"},
    {endpoint_died, "endpoint-died", "rfc6455-10.4-1", "", Weight::must, "", Evidence::what,
     "the endpoint lives on",
     "{instead}"},
    {connections_mixed, "connections-mixed", "rfc6455-5.4-2", "", Weight::must, "", Evidence::none,
     "a connection is answered as if there were no other",
     "{instead}, seen beside other connections only"},
};
// clang-format on

constexpr bool all_rows(bool (*holds)(const FindingRow&)) { return std::ranges::all_of(kRows, holds); }

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kRows); ++i)
    if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
  return true;
}

constexpr bool has_name(const FindingRow& r) {
  return !r.name.empty() && std::ranges::all_of(r.name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

static_assert(in_order(), "a row of kRows is missing, or not in the order of the enumerators of FindingKind");
static_assert(!is_enumerator<static_cast<FindingKind>(std::size(kRows))>(),
              "an enumerator of FindingKind has no row in kRows");
static_assert(all_rows(has_name), "a name in kRows is not in lower-case-with-hyphens");
static_assert(all_rows([](const FindingRow& r) { return !r.expected.empty() && !r.seen.empty(); }),
              "a row of kRows has no words for people");

// RFC 6455 7.4.1: these two codes say what the other side did. It is wrong to send them when it did not.
std::string_view requirement_of_accusing(std::optional<std::uint16_t> code) {
  if (code == close_code::kProtocolError) return "rfc6455-7.4.1-9";
  if (code == close_code::kInvalidPayload) return "rfc6455-7.4.1-11";
  return {};
}

// A sentence as part of a longer one: "A reserved bit is set." -> "a reserved bit is set".
std::string inner(std::string_view sentence) {
  std::string out(sentence);
  if (out.ends_with('.')) out.pop_back();
  const bool a_word = out.size() > 1 && out[1] >= 'a' && out[1] <= 'z';
  if ((a_word || out.starts_with("A ")) && out[0] >= 'A' && out[0] <= 'Z' && !out.starts_with("Sec-")) out[0] |= 0x20;
  return out;
}

std::string value_of(std::string_view word, const Facts& facts) {
  if (word == "rule") return facts.violation ? inner(rule(*facts.violation).text) : "a rule is broken";
  if (word == "offset") return std::to_string(facts.offset);
  if (word == "codes") return codes_text(facts.codes);
  if (word == "code") return facts.code ? std::to_string(*facts.code) : "no code";
  if (word == "what") return facts.what;
  if (word == "wanted") return facts.wanted;
  if (word == "instead") return facts.instead;
  if (word == "number") return std::to_string(facts.number);
  if (word == "messages")
    return facts.of == 1 ? "the message comes back" : "all " + std::to_string(facts.of) + " messages come back";
  if (word == "came")
    return facts.of == 1 ? "it did not" : std::to_string(facts.number) + " of " + std::to_string(facts.of) + " did";
  return std::to_string(facts.of);
}

std::string filled(std::string_view words, const Facts& facts) {
  std::string out;
  while (!words.empty()) {
    const auto open = words.find('{');
    out += words.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = words.find('}', open);
    out += value_of(words.substr(open + 1, close - open - 1), facts);
    words.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

const FindingRow& row(FindingKind kind) noexcept { return kRows[static_cast<std::size_t>(kind)]; }

std::span<const FindingRow> finding_rows() noexcept { return kRows; }

std::optional<FindingKind> finding_kind(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kRows, name, &FindingRow::name);
  if (found == std::end(kRows)) return std::nullopt;
  return found->kind;
}

std::string_view name(FindingKind kind) noexcept { return row(kind).name; }

std::string requirement_of(FindingKind kind, const Facts& facts, Role endpoint) {
  const FindingRow& r = row(kind);
  const bool accuses_falsely = kind == legal_octets_refused || kind == failed_too_early;
  if (const auto id = requirement_of_accusing(facts.code); accuses_falsely && !id.empty()) return std::string(id);
  if (endpoint == Role::client && !r.of_client.empty()) return std::string(r.of_client);
  if (!r.requirement.empty()) return std::string(r.requirement);
  if (r.evidence != Evidence::violation || !facts.violation) return {};
  if (facts.violation == Violation::close_code_invalid && facts.code)
    return std::string(requirement_of_sending(*facts.code));
  return std::string(requirement_of_sender(*facts.violation, endpoint));
}

std::string evidence_of(FindingKind kind, const Facts& facts) {
  switch (row(kind).evidence) {
    case Evidence::none:
      return {};
    case Evidence::violation:
      return facts.violation ? std::string(rule(*facts.violation).name) : std::string();
    case Evidence::code:
      return facts.code ? std::to_string(*facts.code) : std::string();
    case Evidence::what:
      return facts.what;
  }
  return {};
}

std::string expected_text(FindingKind kind, const Facts& facts) { return filled(row(kind).expected, facts); }

std::string seen_text(FindingKind kind, const Facts& facts) { return filled(row(kind).seen, facts); }

std::string codes_text(std::span<const std::uint16_t> codes) {
  std::string out;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (std::ranges::find(codes.first(i), codes[i]) != codes.first(i).end()) continue;  // said already
    if (i > 0) out += " or ";
    out += std::to_string(codes[i]);
  }
  return out;
}

}  // namespace ws::rules
