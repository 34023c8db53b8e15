// connection_handshake.cc - the opening handshake from both sides: RFC 6455 4.
#include <algorithm>
#include <utility>

#include "ws/core/connection/connection_impl.h"

namespace ws {
namespace {

// Fields that the core writes itself, and those that would change where the head ends.
bool belongs_to_core(std::string_view name) {
  constexpr std::string_view kPrefix = "Sec-WebSocket-";
  if (equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) return true;
  constexpr std::array<std::string_view, 6> kNames = {"Host",   "Upgrade",        "Connection",
                                                      "Expect", "Content-Length", "Transfer-Encoding"};
  return std::ranges::any_of(kNames, [&](std::string_view own) { return equals_ignoring_case(own, name); });
}

bool extra_fields_ok(std::span<const Field> fields) {
  return std::ranges::all_of(fields, [](const Field& field) {
    return is_token(field.name) && is_field_value(field.value) && !belongs_to_core(field.name);
  });
}

// RFC 6455 4.1: each one a token, all of them different.
bool subprotocols_ok(std::span<const std::string> names) {
  for (auto it = names.begin(); it != names.end(); ++it)
    if (!is_token(*it) || std::find(names.begin(), it, *it) != it) return false;
  return true;
}

bool window_ok(const std::optional<int>& bits) { return !bits || (*bits >= 8 && *bits <= 15); }

// RFC 6455 3: origin-form, visible ASCII, no fragment.
bool target_ok(std::string_view target) {
  return target.starts_with('/') && std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7F && c != '#'; });
}

void append_fields(std::vector<Field>& fields, std::span<const Field> extra) {
  fields.insert(fields.end(), extra.begin(), extra.end());
}

std::string join(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

// Heads are collected until they are whole. While a server waits for Accept or Reject, all octets are
// kept for later; a caller that wants a bound on them stops reading meanwhile.
void Connection::Impl::read_handshake(ByteView in) {
  append(head, in);
  while (state == State::connecting && !facts && !head.empty()) {
    // RFC 6455 4.1: a server that speaks before it is asked is no WebSocket server.
    if (is_client() && !promise) return fail(Violation::head_malformed, offset);
    const auto end = head_end(head, options.limits.head, scan);
    if (!end) return fail(end.error(), offset);
    if (!*end) return;
    const Bytes whole(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(**end));
    head.erase(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(**end));
    scan = {};
    if (!is_client()) return read_request(whole);
    if (!read_response(whole)) continue;
    // RFC 6455 4.1: frames may follow the 101 in the same segment.
    const Bytes rest = std::exchange(head, {});
    receive(rest);
  }
}

void Connection::Impl::read_request(ByteView octets) {
  auto request = parse_request(octets, options.limits.head);
  if (!request) return fail(request.error(), offset);
  auto checked = check_request(*request);
  if (!checked) return fail(checked.error(), offset);
  offset += octets.size();
  expects_continue = list_has_token(request->fields, "Expect", "100-continue");
  facts = *checked;
  events.push_back(event::Requested{std::move(*request), std::move(*checked)});
}

// Returns false for an interim answer: the next head follows.
bool Connection::Impl::read_response(ByteView octets) {
  auto response = parse_response(octets, options.limits.head);
  if (!response) return fail(response.error(), offset), true;
  if (response->status != 101) {
    offset += octets.size();
    if (response->status < 200) return false;  // RFC 9110 15.2
    move(Cause::handshake_failed);             // RFC 6455 4.1: everything but 101 is HTTP's business
    events.push_back(event::Rejected{std::move(*response)});
    return true;
  }
  auto checked = check_response(*response, *promise);
  if (!checked) return fail(checked.error(), offset), true;
  offset += octets.size();
  open(checked->deflate);
  events.push_back(event::Opened{std::move(*response), std::move(checked->subprotocol), checked->deflate});
  return true;
}

// RFC 6455 4.2.1, 10.7: a request that breaks a rule gets an HTTP error that names it.
void Connection::Impl::answer_broken_request(Violation violation) {
  const Rule& broken = rule(violation);
  const std::string body = std::string(broken.name) + ": " + std::string(broken.text) + "\n";
  ResponseHead answer{
      .status = broken.http_status, .reason = std::string(reason_phrase(broken.http_status)), .fields = {}};
  if (answer.status == 426) {
    answer.fields.push_back({"Connection", "Upgrade, close"});
    answer.fields.push_back({"Upgrade", "websocket"});         // RFC 9110 15.5.22
    answer.fields.push_back({"Sec-WebSocket-Version", "13"});  // RFC 6455 4.4
  } else {
    answer.fields.push_back({"Connection", "close"});
    if (answer.status == 405) answer.fields.push_back({"Allow", "GET"});  // RFC 9110 15.5.6
  }
  answer.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  answer.fields.push_back({"Content-Length", std::to_string(body.size())});
  sender.raw(serialize(answer));
  sender.raw(body);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Connect& connect) {
  if (!is_client()) return std::unexpected(Misuse::wrong_role);
  if (state != State::connecting || promise) return std::unexpected(Misuse::wrong_state);
  const std::string key = options.nonce ? options.nonce() : std::string();
  const auto& offer = options.deflate_offer;
  if (!is_valid_host(connect.host) || !target_ok(connect.target) || !subprotocols_ok(connect.subprotocols) ||
      !extra_fields_ok(connect.extra_fields) || !is_valid_key(key) ||
      (offer && !(window_ok(offer->server_max_window_bits) && window_ok(offer->client_max_window_bits_hint))))
    return std::unexpected(Misuse::field_malformed);

  RequestHead request{.method = "GET", .target = std::string(connect.target), .fields = {}};
  auto& fields = request.fields;
  fields.push_back({"Host", std::string(connect.host)});
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Key", key});
  fields.push_back({"Sec-WebSocket-Version", "13"});
  if (!connect.subprotocols.empty()) fields.push_back({"Sec-WebSocket-Protocol", join(connect.subprotocols)});
  if (offer) fields.push_back({"Sec-WebSocket-Extensions", serialize({to_extension(*offer)})});
  append_fields(fields, connect.extra_fields);
  sender.raw(serialize(request));
  promise = RequestPromise{key, {connect.subprotocols.begin(), connect.subprotocols.end()}, offer};
  return {};
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Accept& accept) {
  if (is_client()) return std::unexpected(Misuse::wrong_role);
  if (state != State::connecting || !facts) return std::unexpected(Misuse::wrong_state);
  // RFC 6455 4.2.2: one of the client's, or none.
  if (!accept.subprotocol.empty() &&
      std::ranges::find(facts->subprotocols, accept.subprotocol) == facts->subprotocols.end())
    return std::unexpected(Misuse::subprotocol_not_offered);
  if (!extra_fields_ok(accept.extra_fields)) return std::unexpected(Misuse::field_malformed);

  ResponseHead answer{.status = 101, .reason = std::string(reason_phrase(101)), .fields = {}};
  auto& fields = answer.fields;
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Accept", accept_key(facts->key)});
  if (!accept.subprotocol.empty()) fields.push_back({"Sec-WebSocket-Protocol", std::string(accept.subprotocol)});
  std::optional<DeflateParams> deflate;
  if (options.deflate_preference) {
    if (const auto agreement = accept_deflate(facts->extensions, *options.deflate_preference)) {
      deflate = agreement->params;
      fields.push_back({"Sec-WebSocket-Extensions", serialize({agreement->response})});
    }
  }
  append_fields(fields, accept.extra_fields);
  if (expects_continue) sender.raw("HTTP/1.1 100 Continue\r\n\r\n");  // RFC 9110 7.8: in front of the 101
  sender.raw(serialize(answer));
  facts.reset();
  open(deflate);
  events.push_back(event::Opened{{}, std::string(accept.subprotocol), deflate});
  const Bytes rest = std::exchange(head, {});
  receive(rest);
  return {};
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Reject& reject) {
  if (is_client()) return std::unexpected(Misuse::wrong_role);
  if (state != State::connecting || !facts) return std::unexpected(Misuse::wrong_state);
  // Any final status but one that has no body to delimit.
  if (reject.status < 200 || reject.status > 599 || reject.status == 204 || reject.status == 304 ||
      !extra_fields_ok(reject.extra_fields))
    return std::unexpected(Misuse::field_malformed);
  ResponseHead answer{.status = reject.status, .reason = std::string(reason_phrase(reject.status)), .fields = {}};
  answer.fields.push_back({"Connection", "close"});
  answer.fields.push_back({"Content-Length", std::to_string(reject.body.size())});
  append_fields(answer.fields, reject.extra_fields);
  sender.raw(serialize(answer));
  sender.raw(reject.body);
  facts.reset();
  move(Cause::handshake_failed);
  head.clear();
  return {};
}

}  // namespace ws
