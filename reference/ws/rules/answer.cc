#include <ws/core/http/base64.h>
#include <ws/rules/answer.h>
#include <ws/rules/said.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ws::rules {
namespace {

using Kind = AnswerFault::Kind;
using enum Violation;

constexpr std::string_view kPermessageDeflate = "permessage-deflate";
constexpr std::string_view kServerTakeover = "server_no_context_takeover";
constexpr std::string_view kClientTakeover = "client_no_context_takeover";
constexpr std::string_view kServerWindow = "server_max_window_bits";
constexpr std::string_view kClientWindow = "client_max_window_bits";

struct AnswerRow {
  Kind kind;
  std::string_view name;
  Violation violation;
  std::string_view requirement;     // empty: it depends on the field or parameter
  std::string_view expected, seen;  // {}: the detail
};

// clang-format off
constexpr std::array kAnswerRows{
    AnswerRow{Kind::http_version,             "answer-http-version",             http_version_too_low,         "rfc6455-4.2.2-15", "101 in HTTP/1.1 or above", "HTTP/{}"},
    AnswerRow{Kind::field_repeated,           "answer-field-repeated",           handshake_field_repeated,     "",                 "{} at most once", "{} more than once"},
    AnswerRow{Kind::upgrade_missing,          "answer-upgrade-missing",          upgrade_missing,              "rfc6455-4.2.2-16", "Upgrade: websocket", "no Upgrade field"},
    AnswerRow{Kind::upgrade_wrong,            "answer-upgrade-wrong",            upgrade_missing,              "rfc6455-4.2.2-16", "Upgrade: websocket", "Upgrade: {}"},
    AnswerRow{Kind::connection_missing,       "answer-connection-missing",       connection_upgrade_missing,   "rfc6455-4.2.2-17", "Connection: Upgrade", "no Connection field"},
    AnswerRow{Kind::connection_wrong,         "answer-connection-wrong",         connection_upgrade_missing,   "rfc6455-4.2.2-17", "Connection: Upgrade", "Connection: {}"},
    AnswerRow{Kind::accept_missing,           "answer-accept-missing",           accept_missing,               "rfc6455-4.2.2-18", "Sec-WebSocket-Accept", "no such field"},
    AnswerRow{Kind::accept_wrong,             "answer-accept-wrong",             accept_wrong,                 "rfc6455-4.2.2-18", "the Sec-WebSocket-Accept that belongs to the key of the request", "another value"},
    AnswerRow{Kind::accept_of_decoded_key,    "answer-accept-of-decoded-key",    accept_wrong,                 "rfc6455-4.2.2-19", "Sec-WebSocket-Accept made of the key as it was sent", "it is made of the decoded key"},
    AnswerRow{Kind::extensions_malformed,     "answer-extensions-malformed",     extensions_malformed,         "rfc6455-9.1-3",    "a Sec-WebSocket-Extensions that keeps the grammar", "one that breaks it."},
    AnswerRow{Kind::extensions_empty,         "answer-extensions-empty",         extensions_malformed,         "rfc6455-4.2.2-14", "no Sec-WebSocket-Extensions where no extension is accepted", "the field, with nothing in it"},
    AnswerRow{Kind::extension_not_offered,    "answer-extension-not-offered",    extension_not_offered,        "rfc6455-4.2.2-13", "no extension that was not offered", "{} was not offered."},
    AnswerRow{Kind::extension_unknown,        "answer-extension-unknown",        extension_parameters_invalid, "rfc6455-9.1-10",   "an extension that nobody knows is not accepted", "{} was accepted."},
    AnswerRow{Kind::extension_repeated,       "answer-extension-repeated",       extension_parameters_invalid, "rfc7692-5-10",     "one extension that uses RSV1", "{} is accepted more than once."},
    AnswerRow{Kind::offer_with_unknown,       "answer-offer-with-unknown",       extension_parameters_invalid, "rfc7692-7-1",      "an offer with the unknown parameter {} is declined", "it was accepted."},
    AnswerRow{Kind::offer_with_invalid_value, "answer-offer-with-invalid-value", extension_parameters_invalid, "rfc7692-7-2",      "an offer with an invalid value of {} is declined", "it was accepted."},
    AnswerRow{Kind::offer_with_repeated,      "answer-offer-with-repeated",      extension_parameters_invalid, "rfc7692-7-3",      "an offer with {} twice is declined", "it was accepted."},
    AnswerRow{Kind::parameter_unknown,        "answer-parameter-unknown",        extension_parameters_invalid, "rfc6455-9.1-4",    "only parameters that RFC 7692 7.1 defines", "{} is none of them."},
    AnswerRow{Kind::parameter_invalid,        "answer-parameter-invalid",        extension_parameters_invalid, "",                 "{} as an answer may have it: a window with a decimal value from 8 to 15, a takeover without a value", "another form of it."},
    AnswerRow{Kind::parameter_repeated,       "answer-parameter-repeated",       extension_parameters_invalid, "rfc7692-5-9",      "{} at most once", "it comes more than once."},
    AnswerRow{Kind::parameter_not_offered,    "answer-parameter-not-offered",    extension_parameters_invalid, "rfc7692-7.1.2.2-7", "{} only where it was offered", "{} was not offered."},
    AnswerRow{Kind::parameter_missing,        "answer-parameter-missing",        extension_parameters_invalid, "",                 "{} in the answer to an offer that asks for it", "it is left out."},
    AnswerRow{Kind::parameter_too_large,      "answer-parameter-too-large",      extension_parameters_invalid, "",                 "a {} that is not larger than the offer's", "it is larger."},
    AnswerRow{Kind::subprotocol_not_offered,  "answer-subprotocol-not-offered",  subprotocol_not_offered,      "rfc6455-4.2.2-9",  "one of the subprotocols that were offered, or none", "{} was not offered"},
    AnswerRow{Kind::subprotocol_unasked,      "answer-subprotocol-unasked",      subprotocol_not_offered,      "rfc6455-4.2.2-10", "no Sec-WebSocket-Protocol where the request has none", "Sec-WebSocket-Protocol: {}"},
    AnswerRow{Kind::subprotocol_empty,        "answer-subprotocol-empty",        subprotocol_malformed,        "rfc6455-4.2.2-11", "no Sec-WebSocket-Protocol where no subprotocol is chosen", "the field, with nothing in it"},
    AnswerRow{Kind::subprotocol_malformed,    "answer-subprotocol-malformed",    subprotocol_malformed,        "rfc6455-4.3-6",    "a single token in Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: {}"},
};
// clang-format on

constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < kAnswerRows.size(); ++i)
    if (std::to_underlying(kAnswerRows[i].kind) != i) return false;
  return true;
}
static_assert(rows_in_order(), "a row of kAnswerRows is missing or stands at the wrong place");
static_assert(kAnswerRows.size() == std::to_underlying(Kind::subprotocol_malformed) + 1, "a kind of fault has no row");

constexpr auto kKinds = [] {
  std::array<Kind, kAnswerRows.size()> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = kAnswerRows[i].kind;
  return kinds;
}();

const AnswerRow& answer_row(Kind kind) noexcept { return kAnswerRows[std::to_underlying(kind)]; }

std::string filled(std::string_view text, const std::string& detail) {
  std::string out(text);
  if (const auto at = out.find("{}"); at != std::string::npos) out.replace(at, 2, detail);
  return out;
}

AnswerFault fault_of(Kind kind, std::string_view detail = {}, std::string_view requirement = {}) {
  const AnswerRow& row = answer_row(kind);
  return {kind, shortened(detail), requirement.empty() ? row.requirement : requirement, row.violation};
}

void add_once(std::vector<AnswerFault>& faults, AnswerFault found) {
  if (std::ranges::find(faults, found) == faults.end()) faults.push_back(std::move(found));
}

// --- The fields of every answer: RFC 6455 4.2.2 items 5.1 to 5.4, 11.3 ---------------------------------------------

void read_accept(const std::vector<Field>& fields, const std::string& key, std::vector<AnswerFault>& faults) {
  const Field* const accept = find_field(fields, "Sec-WebSocket-Accept");
  if (accept == nullptr) {
    add_once(faults, fault_of(Kind::accept_missing));
  } else if (accept->value != accept_key(key)) {
    add_once(faults, fault_of(accept->value == accept_key(decode_base64(key)) ? Kind::accept_of_decoded_key
                                                                              : Kind::accept_wrong));
  }
}

void read_fixed_fields(const ResponseHead& answer, const std::string& key, std::vector<AnswerFault>& faults) {
  const auto& fields = answer.fields;
  if (std::pair(answer.version_major, answer.version_minor) < std::pair(1, 1)) {
    add_once(faults, fault_of(Kind::http_version,
                              std::to_string(answer.version_major) + "." + std::to_string(answer.version_minor)));
  }
  constexpr std::pair<std::string_view, std::string_view> kOnce[] = {{"Sec-WebSocket-Accept", "rfc6455-11.3.3-1"},
                                                                     {"Sec-WebSocket-Protocol", "rfc6455-11.3.4-2"}};
  for (const auto& [name, requirement] : kOnce) {
    if (field_values(fields, name).size() > 1) add_once(faults, fault_of(Kind::field_repeated, name, requirement));
  }
  // RFC 6455 4.1 item 2: the whole value is websocket, not an element of a list.
  const auto upgrade = field_values(fields, "Upgrade");
  if (upgrade.empty()) {
    add_once(faults, fault_of(Kind::upgrade_missing));
  } else if (upgrade.size() > 1 || !equals_ignoring_case(upgrade.front(), "websocket")) {
    add_once(faults, fault_of(Kind::upgrade_wrong, joined(upgrade)));
  }
  const auto connection = field_values(fields, "Connection");
  if (connection.empty()) {
    add_once(faults, fault_of(Kind::connection_missing));
  } else if (!list_has_token(fields, "Connection", "upgrade")) {
    add_once(faults, fault_of(Kind::connection_wrong, joined(connection)));
  }
  read_accept(fields, key, faults);
}

// --- Subprotocol: RFC 6455 4.2.2 item 5.5 ---------------------------------------------------------------------------

std::string read_subprotocol(const std::vector<Field>& fields, const std::vector<std::string>& offered,
                             std::vector<AnswerFault>& faults) {
  const Field* const field = find_field(fields, "Sec-WebSocket-Protocol");
  if (field == nullptr) return {};
  const std::string& value = field->value;
  if (value.empty()) {
    add_once(faults, fault_of(Kind::subprotocol_empty));
  } else if (!is_token(value)) {
    add_once(faults, fault_of(Kind::subprotocol_malformed, value));
  } else if (std::ranges::find(offered, value) == offered.end()) {
    add_once(faults, fault_of(offered.empty() ? Kind::subprotocol_unasked : Kind::subprotocol_not_offered, value));
  }
  return value;
}

// --- permessage-deflate: RFC 7692 7.1 -------------------------------------------------------------------------------

// A window as an answer may give it: decimal, 8 to 15, no leading zeros.
std::optional<int> valid_window(std::string_view value) {
  for (int bits = kMinWindow; bits <= kMaxWindow; ++bits)
    if (value == std::to_string(bits)) return bits;
  return std::nullopt;
}

// What an ill-formed number most likely means, between 8 and 15.
std::optional<int> likely_window(std::string_view value) {
  if (value.empty() || value.size() > 9 || value.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return std::clamp(std::stoi(std::string(value)), kMinWindow, kMaxWindow);
}

// What the answer's element says of one of the four parameters.
struct Said {
  bool named = false, valid = true;
  std::optional<int> window{};
};

struct Element {
  Said server_takeover, client_takeover, server_window, client_window;
  DeflateParams params{};
  std::vector<AnswerFault> faults{};

  Said* of(std::string_view name) {
    if (name == kServerTakeover) return &server_takeover;
    if (name == kClientTakeover) return &client_takeover;
    if (name == kServerWindow) return &server_window;
    return name == kClientWindow ? &client_window : nullptr;
  }
};

// The clause on the value of each parameter in an answer.
std::string_view requirement_of_value(std::string_view name) {
  if (name == kServerTakeover) return "rfc7692-7.1.1.1-2";
  if (name == kClientTakeover) return "rfc7692-7.1.1.2-2";
  return name == kServerWindow ? "rfc7692-7.1.2.1-6" : "rfc7692-7.1.2.2-6";
}

void read_value(Element& element, Said& said, const ExtensionParameter& parameter) {
  const auto& [name, value] = parameter;
  const bool is_window = name == kServerWindow || name == kClientWindow;
  said.valid = is_window ? value && valid_window(*value) : !value;
  if (!said.valid) add_once(element.faults, fault_of(Kind::parameter_invalid, name, requirement_of_value(name)));
  DeflateParams& params = element.params;
  if (name == kServerTakeover) {
    // To keep the window does no harm where the server has forgotten it.
    params.server_no_context_takeover = said.valid;
  } else if (name == kClientTakeover) {
    params.client_no_context_takeover = true;
  } else if (name == kServerWindow) {
    said.window = value ? valid_window(*value) : std::nullopt;
    params.server_max_window_bits = said.window.value_or(kMaxWindow);
  } else {
    said.window = value ? valid_window(*value) : std::nullopt;
    params.client_max_window_bits =
        value ? said.window.value_or(likely_window(*value).value_or(kMinWindow)) : kMaxWindow;
  }
}

// What the element says by itself, whatever was offered.
Element read_element(const Extension& extension) {
  Element element;
  for (const ExtensionParameter& parameter : extension.parameters) {
    Said* const said = element.of(parameter.name);
    if (said == nullptr) {
      add_once(element.faults, fault_of(Kind::parameter_unknown, parameter.name));
    } else if (said->named) {
      add_once(element.faults, fault_of(Kind::parameter_repeated, parameter.name));
    } else {
      said->named = true;
      read_value(element, *said, parameter);
    }
  }
  return element;
}

// What the element breaks as the answer to this offer.
std::vector<AnswerFault> held_against(const Element& element, const DeflateOffer& offer) {
  std::vector<AnswerFault> faults = element.faults;
  // RFC 7692 7.1.1.1: a server that accepts the demand repeats it.
  if (offer.server_no_context_takeover && !element.server_takeover.named)
    add_once(faults, fault_of(Kind::parameter_missing, kServerTakeover, "rfc7692-7.1.1.1-3"));
  // RFC 7692 7.1.2.1: the same limit or a smaller one. To leave out the largest says the same.
  const int most = offer.server_max_window_bits.value_or(kMaxWindow);
  const Said& server = element.server_window;
  if (!server.named && most < kMaxWindow)
    add_once(faults, fault_of(Kind::parameter_missing, kServerWindow, "rfc7692-7.1.2.1-5"));
  if (server.window.value_or(kMinWindow) > most)
    add_once(faults, fault_of(Kind::parameter_too_large, kServerWindow, "rfc7692-7.1.2.1-5"));
  // RFC 7692 7.1.2.2: only with the client's consent, and not above its hint.
  const Said& client = element.client_window;
  if (client.named && !offer.client_max_window_bits)
    add_once(faults, fault_of(Kind::parameter_not_offered, kClientWindow));
  if (client.window.value_or(kMinWindow) > offer.client_max_window_bits_hint.value_or(kMaxWindow))
    add_once(faults, fault_of(Kind::parameter_too_large, kClientWindow, "rfc7692-7.1.2.2-5"));
  return faults;
}

// Why a server has to decline an element of an offer (RFC 7692 7); it does not matter what else is in the answer.
std::vector<AnswerFault> why_to_decline(const Extension& offered) {
  std::vector<AnswerFault> faults;
  std::vector<std::string_view> names;
  for (const auto& [name, value] : offered.parameters) {
    const bool takeover = name == kServerTakeover || name == kClientTakeover;
    const bool is_window = name == kServerWindow || name == kClientWindow;
    // RFC 7692 7.1.2.2: in an offer this one may stand without a value.
    const bool fits = takeover ? !value : value ? valid_window(*value).has_value() : name == kClientWindow;
    if (!takeover && !is_window) {
      add_once(faults, fault_of(Kind::offer_with_unknown, name));
    } else if (std::ranges::find(names, name) != names.end()) {
      add_once(faults, fault_of(Kind::offer_with_repeated, name));
    } else if (!fits) {
      add_once(faults, fault_of(Kind::offer_with_invalid_value, name));
    }
    names.push_back(name);
  }
  return faults;
}

// Against the offer that it fits best: any may be the one that was accepted, and one that need not be declined first.
std::vector<AnswerFault> against_best(const Element& element, const std::vector<Extension>& offers) {
  std::optional<std::vector<AnswerFault>> best, best_declinable;
  const auto keep = [](auto& kept, std::vector<AnswerFault> faults) {
    if (!kept || faults.size() < kept->size()) kept = std::move(faults);
  };
  for (const Extension& offered : offers) {
    if (offered.name != kPermessageDeflate) continue;
    if (const auto offer = read_offer(offered)) {
      keep(best, held_against(element, *offer));
    } else {
      keep(best_declinable, why_to_decline(offered));
    }
  }
  if (best) return std::move(*best);
  return best_declinable.value_or(std::vector{fault_of(Kind::extension_not_offered, kPermessageDeflate)});
}

// --- Extensions: RFC 6455 9.1 ---------------------------------------------------------------------------------------

bool is_empty_list(const std::vector<Field>& fields) {
  return std::ranges::all_of(field_values(fields, "Sec-WebSocket-Extensions"), [](std::string_view value) {
    return value.find_first_not_of(" \t,") == std::string_view::npos;
  });
}

void read_extension(const Extension& extension, const std::vector<Extension>& offers, AnswerReading& reading) {
  Agreement& agreement = *reading.agreement;
  if (extension.name != kPermessageDeflate) {
    const bool offered = std::ranges::find(offers, extension.name, &Extension::name) != offers.end();
    add_once(reading.faults, fault_of(offered ? Kind::extension_unknown : Kind::extension_not_offered, extension.name));
    agreement.unknown_extension = true;
  } else if (agreement.deflate) {
    add_once(reading.faults, fault_of(Kind::extension_repeated, extension.name));
    agreement.unknown_extension = true;  // who accepts two may compress twice
  } else {
    const Element element = read_element(extension);
    for (AnswerFault& found : against_best(element, offers)) add_once(reading.faults, std::move(found));
    agreement.deflate = element.params;
  }
}

void read_extensions(const std::vector<Field>& fields, const std::vector<Extension>& offers, AnswerReading& reading) {
  const auto extensions = parse_extensions(fields);
  if (extensions) {
    for (const Extension& extension : *extensions) read_extension(extension, offers, reading);
  } else if (is_empty_list(fields)) {
    add_once(reading.faults, fault_of(Kind::extensions_empty));
  } else {
    add_once(reading.faults, fault_of(Kind::extensions_malformed));
    reading.agreement.reset();
  }
}

}  // namespace

std::string_view name(Kind kind) noexcept { return answer_row(kind).name; }
std::span<const Kind> answer_fault_kinds() noexcept { return kKinds; }
std::string expected(const AnswerFault& fault) { return filled(answer_row(fault.kind).expected, fault.detail); }
std::string seen(const AnswerFault& fault) { return filled(answer_row(fault.kind).seen, fault.detail); }
std::string evidence(const AnswerFault& fault) {
  const bool of_the_tester = fault.kind == Kind::offer_with_unknown || fault.kind == Kind::offer_with_repeated;
  return of_the_tester ? std::string() : fault.detail;
}

bool is_about_extensions(Kind kind) noexcept {
  return kind >= Kind::extensions_malformed && kind <= Kind::parameter_too_large;
}

bool holds_for_any_request(Kind kind) noexcept {
  switch (kind) {
    case Kind::http_version:
    case Kind::field_repeated:
    case Kind::upgrade_missing:
    case Kind::connection_missing:
    case Kind::accept_missing:
    case Kind::extensions_malformed:
    case Kind::extensions_empty:
    case Kind::extension_repeated:
    case Kind::parameter_unknown:
    case Kind::parameter_invalid:
    case Kind::parameter_repeated:
    case Kind::subprotocol_empty:
    case Kind::subprotocol_malformed:
      return true;
    case Kind::upgrade_wrong:  // another protocol may have been asked for
    case Kind::connection_wrong:
    case Kind::accept_wrong:
    case Kind::accept_of_decoded_key:
    case Kind::extension_not_offered:
    case Kind::extension_unknown:
    case Kind::offer_with_unknown:
    case Kind::offer_with_invalid_value:
    case Kind::offer_with_repeated:
    case Kind::parameter_not_offered:
    case Kind::parameter_missing:
    case Kind::parameter_too_large:
    case Kind::subprotocol_not_offered:
    case Kind::subprotocol_unasked:
      return false;
  }
  return false;
}

AnswerReading read_answer(const ResponseHead& answer, const RequestFacts& request) {
  AnswerReading reading;
  Agreement& agreement = reading.agreement.emplace();
  read_fixed_fields(answer, request.key, reading.faults);
  agreement.subprotocol = read_subprotocol(answer.fields, request.subprotocols, reading.faults);
  read_extensions(answer.fields, request.extensions, reading);
  return reading;
}

}  // namespace ws::rules
