#include <ws/core/enumerators.h>
#include <ws/core/violation.h>

#include <algorithm>
#include <iterator>

namespace ws {
namespace {

using enum Violation;

// A client's own, a server's own, or a limit of the receiver's: the other side cannot break it by what it sends.
constexpr std::string_view kNeverSent = "-";

// clang-format off
constexpr Rule kRules[] = {
    // id                         name                            close http receiver            sent by a client    sent by a server    sentence
    {reserved_bit,                 "reserved-bit",                 1002, 0,   "rfc6455-5.2-3",    "rfc6455-5.2-2",    "rfc6455-5.2-2",    "A reserved bit is set that no negotiated extension defines."},
    {reserved_opcode,              "reserved-opcode",              1002, 0,   "rfc6455-5.2-8",    "rfc6455-5.2-10",   "rfc6455-5.2-10",   "The opcode is reserved."},
    {length_not_minimal,           "length-not-minimal",           1002, 0,   "rfc6455-5.2-18",   "rfc6455-5.2-18",   "rfc6455-5.2-18",   "The payload length is not encoded with the fewest octets."},
    {length_high_bit,              "length-high-bit",              1002, 0,   "rfc6455-5.2-16",   "rfc6455-5.2-15",   "rfc6455-5.2-15",   "The most significant bit of a 64-bit payload length is set."},
    {mask_missing,                 "mask-missing",                 1002, 0,   "rfc6455-5.1-3",    "rfc6455-5.1-1",    kNeverSent,         "A frame from the client is not masked."},
    {mask_present,                 "mask-present",                 1002, 0,   "rfc6455-5.1-6",    kNeverSent,         "rfc6455-5.1-5",    "A frame from the server is masked."},
    {control_fragmented,           "control-fragmented",           1002, 0,   "rfc6455-5.4-9",    "rfc6455-5.4-8",    "rfc6455-5.4-8",    "A control frame is fragmented."},
    {control_too_long,             "control-too-long",             1002, 0,   "rfc6455-5.5-2",    "rfc6455-5.5-1",    "rfc6455-5.5-1",    "The payload of a control frame is longer than 125 octets."},
    {continuation_unexpected,      "continuation-unexpected",      1002, 0,   "rfc6455-5.4-4",    "rfc6455-5.4-3",    "rfc6455-5.4-3",    "A continuation frame arrived with no message to continue."},
    {continuation_missing,         "continuation-missing",         1002, 0,   "rfc6455-5.4-5",    "rfc6455-5.4-12",   "rfc6455-5.4-12",   "A new message began before the previous one was finished."},
    {frame_after_close,            "frame-after-close",            1002, 0,   "rfc6455-5.5.1-9",  "rfc6455-5.5.1-9",  "rfc6455-5.5.1-9",  "Octets arrived after the Close frame."},
    {text_not_utf8,                "text-not-utf8",                1007, 0,   "rfc6455-8.1-1",    "rfc6455-5.6-1",    "rfc6455-5.6-1",    "A text message is not valid UTF-8."},
    {close_payload_of_one,         "close-payload-of-one",         1002, 0,   "rfc6455-5.5.1-3",  "rfc6455-5.5.1-2",  "rfc6455-5.5.1-2",  "The payload of a Close frame is a single octet."},
    {close_code_invalid,           "close-code-invalid",           1002, 0,   "rfc6455-7.4.2-1",  "rfc6455-7.4.2-5",  "rfc6455-7.4.2-5",  "The status code of a Close frame is not one that may be sent."},
    {close_reason_not_utf8,        "close-reason-not-utf8",        1007, 0,   "rfc6455-8.1-4",    "rfc6455-5.5.1-6",  "rfc6455-5.5.1-6",  "The reason of a Close frame is not valid UTF-8."},
    {compressed_bit_misplaced,     "compressed-bit-misplaced",     1002, 0,   "rfc7692-6.1-5",    "rfc7692-6.1-4",    "rfc7692-6.1-4",    "RSV1 is set on a control frame or on a frame that is not the first of its message."},
    {deflate_corrupt,              "deflate-corrupt",              1007, 0,   "rfc7692-7.2.2-10", "rfc7692-7.2.1-1",  "rfc7692-7.2.1-1",  "A compressed message is not valid DEFLATE data within the agreed window."},
    {frame_too_big,                "frame-too-big",                1009, 0,   "rfc6455-10.4-1",   kNeverSent,         kNeverSent,         "A frame is longer than the limit of this endpoint."},
    {message_too_big,              "message-too-big",              1009, 0,   "rfc6455-10.4-3",   kNeverSent,         kNeverSent,         "A message is longer than the limit of this endpoint."},
    {too_many_fragments,           "too-many-fragments",           1009, 0,   "rfc6455-10.4-2",   kNeverSent,         kNeverSent,         "A message has more fragments than the limit of this endpoint."},
    {head_malformed,               "head-malformed",               0,    400, "rfc9112-2.2-8",    "rfc6455-4.1-16",   "rfc6455-4.2.2-15", "The head breaks the grammar of HTTP/1.1, or announces a body."},
    {head_too_big,                 "head-too-big",                 0,    431, "rfc6455-10.7-4",   "rfc6455-4.1-16",   "rfc6455-4.2.2-15", "The head is longer than the limit of this endpoint."},
    {too_many_fields,              "too-many-fields",              0,    431, "rfc6455-10.7-4",   "rfc6455-4.1-16",   "rfc6455-4.2.2-15", "The head has more fields than the limit of this endpoint."},
    {http_version_too_low,         "http-version-too-low",         0,    505, "rfc6455-4.2.1-3",  "rfc6455-4.1-18",   "rfc6455-4.2.2-15", "The HTTP version is below 1.1."},
    {upgrade_missing,              "upgrade-missing",              0,    426, "rfc6455-4.2.1-6",  "rfc6455-4.1-21",   "rfc6455-4.2.2-16", "The Upgrade field does not name websocket."},
    {connection_upgrade_missing,   "connection-upgrade-missing",   0,    426, "rfc6455-4.2.1-8",  "rfc6455-4.1-22",   "rfc6455-4.2.2-17", "The Connection field does not list Upgrade."},
    {extensions_malformed,         "extensions-malformed",         0,    400, "rfc6455-9.1-1",    "rfc6455-9.1-3",    "rfc6455-9.1-3",    "Sec-WebSocket-Extensions breaks its grammar."},
    {subprotocol_malformed,        "subprotocol-malformed",        0,    400, "rfc6455-4.2.1-18", "rfc6455-4.1-31",   "rfc6455-4.2.2-9",  "Sec-WebSocket-Protocol breaks its grammar or repeats a name."},
    {handshake_field_repeated,     "handshake-field-repeated",     0,    400, "rfc6455-11.3.1-2", "rfc6455-11.3.1-1", "rfc6455-11.3.3-1", "A field that may stand only once is repeated."},
    {method_not_get,               "method-not-get",               0,    405, "rfc6455-4.2.1-2",  "rfc6455-4.1-17",   kNeverSent,         "The request method is not GET."},
    {target_malformed,             "target-malformed",             0,    400, "rfc6455-4.2.1-4",  "rfc6455-4.1-19",   kNeverSent,         "The request target is neither a path nor an absolute http or https URI."},
    {host_missing,                 "host-missing",                 0,    400, "rfc6455-4.2.1-5",  "rfc6455-4.1-20",   kNeverSent,         "There is no Host field with a valid host."},
    {key_missing,                  "key-missing",                  0,    400, "rfc6455-4.2.1-10", "rfc6455-4.1-23",   kNeverSent,         "There is no Sec-WebSocket-Key field."},
    {key_invalid,                  "key-invalid",                  0,    400, "rfc6455-4.2.1-11", "rfc6455-4.1-24",   kNeverSent,         "Sec-WebSocket-Key is not the Base64 form of 16 octets."},
    {version_missing,              "version-missing",              0,    426, "rfc6455-4.2.1-12", "rfc6455-4.1-29",   kNeverSent,         "There is no Sec-WebSocket-Version field."},
    {version_unsupported,          "version-unsupported",          0,    426, "rfc6455-4.2.1-13", "rfc6455-4.1-29",   kNeverSent,         "Sec-WebSocket-Version is not 13."},
    {accept_missing,               "accept-missing",               0,    0,   "rfc6455-4.1-44",   kNeverSent,         "rfc6455-4.2.2-18", "There is no Sec-WebSocket-Accept field."},
    {accept_wrong,                 "accept-wrong",                 0,    0,   "rfc6455-4.1-45",   kNeverSent,         "rfc6455-4.2.2-18", "Sec-WebSocket-Accept does not belong to the key that was sent."},
    {extension_not_offered,        "extension-not-offered",        0,    0,   "rfc6455-4.1-47",   kNeverSent,         "rfc6455-4.2.2-13", "The server accepted an extension that was not offered."},
    {extension_parameters_invalid, "extension-parameters-invalid", 0,    0,   "rfc7692-7-7",      kNeverSent,         "rfc7692-5-9",      "The parameters of an accepted extension do not answer the offer."},
    {subprotocol_not_offered,      "subprotocol-not-offered",      0,    0,   "rfc6455-4.1-48",   kNeverSent,         "rfc6455-4.2.2-9",  "The server chose a subprotocol that was not offered."},
};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kRules); ++i)
    if (static_cast<std::size_t>(kRules[i].id) != i) return false;
  return true;
}

// The name of a rule is its enumerator with hyphens: letters and single hyphens only.
constexpr bool is_kebab(std::string_view name) {
  return !name.empty() && name.front() != '-' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '8'; });
}

constexpr bool all(bool (*holds)(const Rule&)) { return std::ranges::all_of(kRules, holds); }

static_assert(in_order(), "a row of kRules is missing, or not in the order of the enumerators of Violation");
static_assert(!is_enumerator<static_cast<Violation>(std::size(kRules))>(),
              "an enumerator of Violation has no row in kRules");
static_assert(all([](const Rule& r) { return is_kebab(r.name); }),
              "a name in kRules is not in lower-case-with-hyphens");
static_assert(all([](const Rule& r) { return !r.requirement.empty(); }),
              "a row of kRules cites no rule of the receiver");
static_assert(all([](const Rule& r) { return !r.sent_by_client.empty(); }),
              "a row of kRules does not say which requirement a client breaks that sends it");
static_assert(all([](const Rule& r) { return !r.sent_by_server.empty(); }),
              "a row of kRules does not say which requirement a server breaks that sends it");
static_assert(all([](const Rule& r) { return r.text.ends_with('.'); }), "a row of kRules has no sentence");
static_assert(all([](const Rule& r) { return r.close_code == 0 || r.http_status == 0; }),
              "a row of kRules has a status code for a Close and one for HTTP: it cannot be both");

}  // namespace

const Rule& rule(Violation id) noexcept { return kRules[static_cast<std::size_t>(id)]; }

std::string_view requirement_of_sender(Violation id, Role sender) noexcept {
  const Rule& row = rule(id);
  const auto own = sender == Role::client ? row.sent_by_client : row.sent_by_server;
  return own == kNeverSent ? row.requirement : own;
}

std::span<const Rule> all_rules() noexcept { return kRules; }

}  // namespace ws
