#include <ws/core/http/base64.h>
#include <ws/testing/faults/deviant.h>

#include <algorithm>
#include <array>

namespace ws::testing {
namespace {

constexpr std::string_view kExampleKey = "dGhlIHNhbXBsZSBub25jZQ==";         // RFC 6455 1.3
constexpr std::string_view kExampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // RFC 6455 1.3

bool has(const std::vector<Field>& fields, std::string_view name) { return find_field(fields, name) != nullptr; }

void put(std::vector<Field>& fields, std::string_view name, std::string_view value) {
  for (Field& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    field.value = value;
    return;
  }
  fields.push_back({std::string(name), std::string(value)});
}

void remove(std::vector<Field>& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
}

// Only the first field of that name stays.
void keep_first(std::vector<Field>& fields, std::string_view name) {
  const auto named = [&](const Field& field) { return equals_ignoring_case(field.name, name); };
  const auto first = std::ranges::find_if(fields, named);
  if (first != fields.end()) fields.erase(std::remove_if(first + 1, fields.end(), named), fields.end());
}

std::string value_of(const std::vector<Field>& fields, std::string_view name) {
  const Field* field = find_field(fields, name);
  return field == nullptr ? std::string() : field->value;
}

std::size_t base64_octets(std::string_view text) {
  return text.size() / 4 * 3 - static_cast<std::size_t>(std::ranges::count(text, '='));
}

bool is_base64(std::string_view text) {
  return !text.empty() && text.size() % 4 == 0 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '=';
  });
}

bool is_known(std::string_view name) {
  constexpr std::array<std::string_view, 12> kKnown{"Host",
                                                    "Upgrade",
                                                    "Connection",
                                                    "Sec-WebSocket-Key",
                                                    "Sec-WebSocket-Version",
                                                    "Origin",
                                                    "Sec-WebSocket-Protocol",
                                                    "User-Agent",
                                                    "Sec-WebSocket-Extensions",
                                                    "Accept",
                                                    "Cookie",
                                                    "Authorization"};
  return std::ranges::any_of(kKnown, [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

// RFC 9110 15.2: another head follows this one.
bool is_interim(ByteView octets) {
  const auto head = parse_response(octets, {});
  return head && head->status >= 100 && head->status < 200 && head->status != 101;
}

// As a reader of numbers has it that takes a sign and leading zeros, and stops at what is no digit.
bool begins_with_13(std::string_view version) {
  if (version.starts_with('+')) version.remove_prefix(1);
  version.remove_prefix(std::min(version.find_first_not_of('0'), version.size()));
  const auto digits = version.substr(0, version.find_first_not_of("0123456789"));
  return digits == "13";
}

bool is_deflate(const Extension& extension) { return extension.name == "permessage-deflate"; }

void drop_repeated(std::vector<ExtensionParameter>& parameters) {
  std::vector<ExtensionParameter> kept;
  for (const auto& parameter : parameters) {
    if (std::ranges::find(kept, parameter.name, &ExtensionParameter::name) == kept.end()) kept.push_back(parameter);
  }
  parameters = std::move(kept);
}

void drop_unknown(std::vector<ExtensionParameter>& parameters) {
  std::erase_if(parameters, [](const ExtensionParameter& parameter) {
    return parameter.name != "server_no_context_takeover" && parameter.name != "client_no_context_takeover" &&
           parameter.name != "server_max_window_bits" && parameter.name != "client_max_window_bits";
  });
}

void rewrite_value(Extension& extension, std::string_view name, std::string_view from,
                   const std::optional<std::string>& to) {
  for (auto& parameter : extension.parameters) {
    if (parameter.name == name && (from.empty() ? parameter.value.has_value() : parameter.value == from))
      parameter.value = to;
  }
}

}  // namespace

// --- Both ----------------------------------------------------------------------------------------------------

void Deviant::take_head(ByteView octets) {
  append(head_, octets);
  const auto end = head_end(head_, {});
  if (!end) {
    refuse(400);
    return;
  }
  if (!*end) {
    if (is(Fault::wants_whole_head) || is(Fault::wants_answer_in_one_piece)) refuse(400);
    return;
  }
  const Bytes head(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(**end));
  const Bytes early(head_.begin() + static_cast<std::ptrdiff_t>(**end), head_.end());
  head_.clear();
  if (options_.role == Role::client && is_interim(head)) {
    if (!early.empty()) take_head(early);
    return;
  }
  if (options_.role == Role::server) {
    answer(head);
  } else {
    judge_answer(head);
  }
  if (phase_ == Phase::open && !early.empty() && !is(Fault::drops_frames_behind_answer)) take_frames(early);
}

void Deviant::refuse(int status) {
  phase_ = Phase::over;
  if (options_.role == Role::client) return;
  ResponseHead head;
  head.status = status;
  head.reason = reason_phrase(status);
  if (status == 426) {
    head.fields.push_back({"Upgrade", "websocket"});
    head.fields.push_back({"Connection", "Upgrade, close"});
    if (!is(Fault::hides_its_version)) head.fields.push_back({"Sec-WebSocket-Version", "13"});
  } else {
    head.fields.push_back({"Connection", "close"});
  }
  head.fields.push_back({"Content-Length", "0"});
  append(out_, as_octets(serialize(head)));
}

void Deviant::open(const std::optional<DeflateParams>& deflate) {
  phase_ = Phase::open;
  deflate_ = deflate;
  // These faults are inside the compression: the lens does it, and the strict endpoint sees plain messages.
  constexpr std::array kOwn{
      Fault::inflates_fragments_alone,      Fault::forgets_inflate_window, Fault::forgets_window_at_empty_message,
      Fault::forgets_window_at_final_block, Fault::forgets_tail,           Fault::counts_uncompressed_in_window,
      Fault::accepts_corrupt_deflate,       Fault::keeps_window,           Fault::exceeds_window,
      Fault::refuses_stored_block,          Fault::refuses_final_block,    Fault::refuses_empty_compressed,
      Fault::sends_rsv1_uncompressed,       Fault::shares_window};
  own_deflate_ = deflate && options_.faults.has_any(kOwn);
  const bool server = options_.role == Role::server;
  if (own_deflate_) {
    const int in = server ? deflate->client_max_window_bits : deflate->server_max_window_bits;
    const int out = server ? deflate->server_max_window_bits : deflate->client_max_window_bits;
    const bool in_fresh = server ? deflate->client_no_context_takeover : deflate->server_no_context_takeover;
    const bool out_fresh = server ? deflate->server_no_context_takeover : deflate->client_no_context_takeover;
    inflater_.emplace(in, in_fresh || is(Fault::forgets_inflate_window));
    deflater_.emplace(is(Fault::exceeds_window) ? 15 : std::max(out, 9), out_fresh && !is(Fault::keeps_window));
  }
  Options strict;
  strict.role = options_.role;
  strict.mask_key = [] { return MaskKey{}; };  // nobody sees it: send() masks
  strict.nonce = options_.nonce;
  strict_.emplace(Connection::opened(std::move(strict), own_deflate_ ? std::nullopt : deflate));
}

// --- Server --------------------------------------------------------------------------------------------------

void Deviant::answer(ByteView octets) {
  auto head = parse_request(octets, {});
  if (head && head->method != "GET" && is(Fault::refuses_without_allow)) {
    refuse(405);
    return;
  }
  if (!head || dislikes(*head)) {
    refuse(400);
    return;
  }
  const std::string key = value_of(head->fields, "Sec-WebSocket-Key");
  mend_request(*head);
  const auto facts = check_request(*head);
  if (!facts) {
    refuse(facts.error() == Violation::version_unsupported || facts.error() == Violation::version_missing
               ? rule(facts.error()).http_status
               : 400);
    return;
  }
  ResponseHead out;
  out.status = is(Fault::answers_200) ? 200 : 101;
  out.reason = reason_phrase(out.status);
  out.fields = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_key(key)}};
  std::optional<DeflateParams> deflate;
  if (auto agreement = agree(facts->extensions)) {
    deflate = agreement->params;
    Extension& response = agreement->response;
    if (is(Fault::forgets_no_takeover))
      std::erase_if(response.parameters, [](const auto& p) { return p.name == "server_no_context_takeover"; });
    if (is(Fault::answers_larger_window)) rewrite_value(response, "server_max_window_bits", "", "15");
    if (is(Fault::unasked_client_window) && deflate->client_max_window_bits == 15)
      response.parameters.push_back({"client_max_window_bits", "15"});
    out.fields.push_back({"Sec-WebSocket-Extensions", serialize({response})});
  }
  spoil_answer(out, key);
  append(out_, as_octets(serialize(out)));
  open(deflate);
}

// Hides from the strict check what this endpoint does not look at.
void Deviant::mend_request(RequestHead& head) const {
  auto& fields = head.fields;
  const std::string key = value_of(fields, "Sec-WebSocket-Key");
  if (is(Fault::accepts_post)) head.method = "GET";
  if (is(Fault::accepts_http_1_0)) head.version_major = head.version_minor = 1;
  if (is(Fault::accepts_missing_host) && !has(fields, "Host")) put(fields, "Host", "localhost");
  if (is(Fault::accepts_missing_upgrade) && !has(fields, "Upgrade")) put(fields, "Upgrade", "websocket");
  if (is(Fault::accepts_any_upgrade) && has(fields, "Upgrade")) put(fields, "Upgrade", "websocket");
  if (is(Fault::accepts_missing_connection) && !has(fields, "Connection")) put(fields, "Connection", "Upgrade");
  if (is(Fault::accepts_any_connection) && has(fields, "Connection")) put(fields, "Connection", "Upgrade");
  if (is(Fault::accepts_missing_key) && key.empty()) put(fields, "Sec-WebSocket-Key", kExampleKey);
  const bool short_key = is_base64(key) && base64_octets(key) < 16,
             long_key = is_base64(key) && base64_octets(key) > 16;
  if ((is(Fault::accepts_short_key) && short_key) || (is(Fault::accepts_long_key) && long_key) ||
      (is(Fault::accepts_any_key) && !key.empty() && !short_key && !long_key))
    put(fields, "Sec-WebSocket-Key", kExampleKey);
  if (is(Fault::accepts_two_keys)) keep_first(fields, "Sec-WebSocket-Key");
  if (is(Fault::reads_body_as_frames)) {
    remove(fields, "Content-Length");
    remove(fields, "Transfer-Encoding");
  }
  const auto is_number = [](std::string_view value) {
    return !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (is(Fault::accepts_bad_length) && !is_number(value_of(fields, "Content-Length"))) remove(fields, "Content-Length");
  if (is(Fault::accepts_bad_coding) && !value_of(fields, "Transfer-Encoding").ends_with("chunked"))
    remove(fields, "Transfer-Encoding");
  const std::string version = value_of(fields, "Sec-WebSocket-Version");
  if ((is(Fault::accepts_missing_version) && version.empty()) ||
      (is(Fault::accepts_loose_version) && begins_with_13(version)) ||
      (is(Fault::accepts_any_version) && !version.empty()))
    put(fields, "Sec-WebSocket-Version", "13");
}

// What this endpoint refuses, though it is legal.
bool Deviant::dislikes(const RequestHead& head) const {
  const auto& fields = head.fields;
  const auto exactly = [&](std::string_view name, std::string_view token) {
    const std::string value = value_of(fields, name);
    return value.find(token) != std::string::npos;
  };
  const auto usual = [](const Field& field) {
    return !is_known(field.name) || field.name.starts_with("Sec-WebSocket-") ||
           (std::isupper(static_cast<unsigned char>(field.name[0])) != 0 &&
            std::ranges::none_of(field.name.substr(1), [](unsigned char c) { return std::isupper(c) != 0; })) ||
           field.name == "User-Agent";
  };
  const auto known = [](const Field& field) { return is_known(field.name); };
  const bool host_first = !fields.empty() && equals_ignoring_case(fields.front().name, "Host");
  const auto offers = parse_extensions(fields);
  return (is(Fault::wants_exact_upgrade) && !exactly("Upgrade", "websocket")) ||
         (is(Fault::wants_exact_connection) && !exactly("Connection", "Upgrade")) ||
         (is(Fault::wants_connection_alone) && !equals_ignoring_case(value_of(fields, "Connection"), "Upgrade")) ||
         (is(Fault::wants_exact_field_names) && !std::ranges::all_of(fields, usual)) ||
         (is(Fault::wants_known_fields) && !std::ranges::all_of(fields, known)) ||
         (is(Fault::wants_usual_order) && !host_first) ||
         (is(Fault::wants_origin_form) && !head.target.starts_with('/')) ||
         (is(Fault::wants_no_extensions) && offers && !std::ranges::all_of(*offers, is_deflate)) ||
         (is(Fault::looks_at_first_offer) && offers && !offers->empty() && !accept_deflate({offers->front()}));
}

std::optional<DeflateAgreement> Deviant::agree(std::vector<Extension> offers) const {
  for (Extension& offer : offers) {
    if (!is_deflate(offer)) continue;
    if (is(Fault::accepts_unknown_parameter)) drop_unknown(offer.parameters);
    if (is(Fault::accepts_repeated_parameter)) drop_repeated(offer.parameters);
    if (is(Fault::accepts_window_16)) rewrite_value(offer, "server_max_window_bits", "16", "15");
    if (is(Fault::accepts_window_7)) rewrite_value(offer, "server_max_window_bits", "7", "9");
    if (is(Fault::accepts_leading_zero)) rewrite_value(offer, "server_max_window_bits", "010", "10");
    if (is(Fault::accepts_takeover_value)) {
      rewrite_value(offer, "server_no_context_takeover", "", std::nullopt);
      rewrite_value(offer, "client_no_context_takeover", "", std::nullopt);
    }
  }
  return accept_deflate(offers);
}

void Deviant::spoil_answer(ResponseHead& head, const std::string& key) const {
  auto& fields = head.fields;
  if (is(Fault::omits_upgrade)) remove(fields, "Upgrade");
  if (is(Fault::omits_connection)) remove(fields, "Connection");
  if (is(Fault::omits_accept)) remove(fields, "Sec-WebSocket-Accept");
  if (is(Fault::constant_accept)) put(fields, "Sec-WebSocket-Accept", kExampleAccept);
  if (is(Fault::accept_of_nonce)) put(fields, "Sec-WebSocket-Accept", accept_key(decode_base64(key)));
  if (is(Fault::unasked_subprotocol)) put(fields, "Sec-WebSocket-Protocol", "chat");
  if (is(Fault::unasked_extension)) put(fields, "Sec-WebSocket-Extensions", "x-webkit-deflate-frame");
  if (is(Fault::answers_with_length)) put(fields, "Content-Length", "0");
  if (is(Fault::answers_with_coding)) put(fields, "Transfer-Encoding", "chunked");
  if (is(Fault::empty_extensions) && !has(fields, "Sec-WebSocket-Extensions"))
    put(fields, "Sec-WebSocket-Extensions", "");
}

// --- Client --------------------------------------------------------------------------------------------------

void Deviant::ask() {
  promise_.key = is(Fault::constant_key) ? std::string(kExampleKey) : options_.nonce();
  if (is(Fault::lcg_key)) promise_.key = next_nonce();
  if (is(Fault::sends_short_key)) promise_.key = "c2hvcnRrZXk=";
  promise_.deflate = DeflateOffer{};
  RequestHead head;
  head.method = is(Fault::sends_post) ? "POST" : "GET";
  head.target = options_.target;
  if (is(Fault::sends_http_1_0)) head.version_minor = 0;
  std::string extensions = serialize({to_extension(*promise_.deflate)});
  if (is(Fault::asks_for_bad_extension)) extensions = "permessage-deflate;;=x";
  if (is(Fault::asks_for_window_16)) extensions = "permessage-deflate; client_max_window_bits=16";
  head.fields = {{"Host", options_.host},
                 {"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Key", promise_.key},
                 {"Sec-WebSocket-Version", is(Fault::asks_for_version_8) ? "8" : "13"},
                 {"Sec-WebSocket-Extensions", extensions}};
  if (is(Fault::asks_without_host)) remove(head.fields, "Host");
  if (is(Fault::asks_without_upgrade)) remove(head.fields, "Upgrade");
  if (is(Fault::asks_without_connection)) remove(head.fields, "Connection");
  if (is(Fault::asks_without_key)) remove(head.fields, "Sec-WebSocket-Key");
  if (is(Fault::asks_without_version)) remove(head.fields, "Sec-WebSocket-Version");
  if (is(Fault::asks_with_length)) head.fields.push_back({"Content-Length", "0"});
  if (is(Fault::sends_two_keys)) head.fields.push_back({"Sec-WebSocket-Key", promise_.key});
  append(out_, as_octets(serialize(head)));
  if (is(Fault::speaks_too_early)) {
    FrameHeader ping{.opcode = Opcode::ping, .mask = next_key()};
    encode_frame(ping, {}, out_);
  }
}

void Deviant::judge_answer(ByteView octets) {
  auto head = parse_response(octets, {});
  if (!head) {
    refuse(0);
    return;
  }
  if (is(Fault::wants_exact_answer) && value_of(head->fields, "Upgrade") != "websocket") {
    refuse(0);
    return;
  }
  mend_answer(*head);
  if (head->status != 101) {
    refuse(0);
    return;
  }
  const auto facts = check_response(*head, promise_);
  if (!facts) {
    refuse(0);
    return;
  }
  open(facts->deflate);
}

void Deviant::mend_answer(ResponseHead& head) const {
  auto& fields = head.fields;
  if (is(Fault::accepts_200)) head.status = 101;
  if (is(Fault::accepts_missing_answer_upgrade) && !has(fields, "Upgrade")) put(fields, "Upgrade", "websocket");
  if (is(Fault::accepts_wrong_answer_upgrade) && has(fields, "Upgrade")) put(fields, "Upgrade", "websocket");
  if (is(Fault::accepts_missing_answer_connection) && !has(fields, "Connection")) put(fields, "Connection", "Upgrade");
  const bool has_accept = has(fields, "Sec-WebSocket-Accept");
  if (is(Fault::accepts_accept_in_any_case) &&
      equals_ignoring_case(value_of(fields, "Sec-WebSocket-Accept"), accept_key(promise_.key)))
    put(fields, "Sec-WebSocket-Accept", accept_key(promise_.key));
  if ((is(Fault::accepts_missing_accept) && !has_accept) || (is(Fault::accepts_wrong_accept) && has_accept))
    put(fields, "Sec-WebSocket-Accept", accept_key(promise_.key));
  if (is(Fault::accepts_unoffered_subprotocol)) remove(fields, "Sec-WebSocket-Protocol");
  auto chosen = parse_extensions(fields);
  if (!chosen) return;
  const std::vector<Extension> before = *chosen;
  if (is(Fault::accepts_unoffered_extension)) std::erase_if(*chosen, [](const Extension& e) { return !is_deflate(e); });
  for (Extension& extension : *chosen) {
    if (is(Fault::accepts_unknown_answer_parameter)) drop_unknown(extension.parameters);
    if (is(Fault::accepts_repeated_answer_parameter)) drop_repeated(extension.parameters);
    if (is(Fault::accepts_answer_window_16)) {
      rewrite_value(extension, "server_max_window_bits", "16", "15");
      rewrite_value(extension, "client_max_window_bits", "16", "15");
    }
  }
  if (*chosen == before) return;
  remove(fields, "Sec-WebSocket-Extensions");
  if (!chosen->empty()) put(fields, "Sec-WebSocket-Extensions", serialize(*chosen));
}

}  // namespace ws::testing
