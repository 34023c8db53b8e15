#include <ws/testing/relay/relay_heads_impl.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ws::testing {
namespace {

using enum RelayFault;

constexpr std::array<std::string_view, 7> kOfOneConnection{"Connection", "Keep-Alive",        "Proxy-Connection", "TE",
                                                           "Upgrade",    "Transfer-Encoding", "Trailer"};
constexpr std::array<std::string_view, 16> kKnown{"Host",        "Origin",           "Cookie",          "Authorization",
                                                  "User-Agent",  "Accept",           "Accept-Language", "Cache-Control",
                                                  "Referer",     "Content-Type",     "Set-Cookie",      "Location",
                                                  "Retry-After", "WWW-Authenticate", "Server",          "Date"};

bool is_in(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view other) { return equals_ignoring_case(name, other); });
}

bool same(std::string_view name, std::string_view other) { return equals_ignoring_case(name, other); }

bool has_controls(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// The lines after the start line; false when one is no field.
bool read_fields(std::string_view lines, std::vector<Field>& fields, RelayFault fault, bool request) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    std::string_view name = line.substr(0, colon);
    // RFC 9112 5.1: no blank between a name and the colon. 5.2: no folded lines.
    if (fault == forwards_blank_before_colon) name = trim(name);
    if (request && !is_token(name)) return false;
    const std::string_view value = trim(line.substr(colon + 1));
    if (has_controls(value) && fault != forwards_controls) return false;
    fields.push_back({std::string(trim(name)), std::string(value)});
  }
  return true;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One number, however often. RFC 9112 6.3.
RelayedFraming by_length(const std::vector<Field>& fields) {
  RelayedFraming framing;
  for (const std::string_view value : field_values(fields, "Content-Length")) {
    for (const std::string_view element : list_elements(value)) {
      const auto length = number_of(element);
      const bool differs = framing.kind == RelayedFraming::Kind::length && length && *length != framing.length;
      if (!length || differs) return {RelayedFraming::Kind::bad, 0};
      framing = {RelayedFraming::Kind::length, *length};
    }
  }
  return framing;
}

bool ends_with_chunked(const std::vector<Field>& fields) {
  const auto values = field_values(fields, "Transfer-Encoding");
  if (values.empty()) return false;
  const auto last = list_elements(values.back());
  return !last.empty() && same(last.back(), "chunked");
}

// The options of Connection; a fault reads fewer of them.
std::vector<std::string> named_in_connection(const std::vector<Field>& fields, RelayFault fault) {
  std::vector<std::string> named;
  if (fault == forwards_named_fields) return named;
  for (const std::string_view value : field_values(fields, "Connection")) {
    for (const std::string_view option : list_elements(value)) named.emplace_back(option);
    if (fault == forwards_fields_named_in_a_second_line) break;
  }
  return named;
}

bool is_named(const std::vector<std::string>& named, const std::string& name, RelayFault fault) {
  return std::ranges::any_of(named, [&](const std::string& option) {
    return fault == forwards_fields_named_in_other_letters ? option == name : same(option, name);
  });
}

bool is_dropped(const Field& field, RelayFault fault) {
  if (fault == drops_subprotocol) return same(field.name, "Sec-WebSocket-Protocol");
  if (fault == drops_extensions) return same(field.name, "Sec-WebSocket-Extensions");
  if (fault == drops_unknown_fields)
    return !is_in(field.name, kKnown) && !field.name.starts_with("Sec-WebSocket-") &&
           !field.name.starts_with("X-Touchstone");
  return false;
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Every Upgrade value, as one list.
std::string upgrade_list(const RelayedHead& head) {
  std::string list;
  for (const std::string_view value : field_values(head.fields, "Upgrade")) {
    for (const std::string_view protocol : list_elements(value)) list.append(list.empty() ? "" : ", ").append(protocol);
  }
  return list;
}

// The fields with what the fault does to Set-Cookie.
std::vector<Field> with_cookies_as(std::vector<Field> fields, RelayFault fault) {
  if (fault != reverses_cookies && fault != joins_cookies) return fields;
  std::vector<Field> cookies;
  std::erase_if(fields, [&](const Field& field) {
    if (!same(field.name, "Set-Cookie")) return false;
    cookies.push_back(field);
    return true;
  });
  if (fault == reverses_cookies) std::ranges::reverse(cookies);
  for (Field& cookie : cookies) {
    const bool joins = fault == joins_cookies && !fields.empty() && same(fields.back().name, "Set-Cookie");
    if (joins) {
      fields.back().value += ", " + cookie.value;
    } else {
      fields.push_back(std::move(cookie));
    }
  }
  return fields;
}

}  // namespace

std::optional<RelayedHead> relayed_request(std::string_view text, RelayFault fault) {
  while (text.starts_with("\r\n")) text.remove_prefix(2);  // RFC 9112 2.2
  RelayedHead head;
  const auto end = text.find("\r\n");
  head.start = text.substr(0, end);
  const auto parsed = parse_request(as_octets(head.start + "\r\n\r\n"), {.octets = 1 << 20, .fields = 1});
  if (!parsed || parsed->version_major != 1) return std::nullopt;
  head.method = parsed->method;
  head.target = parsed->target;
  head.minor = parsed->version_minor;
  if (!read_fields(text.substr(end + 2), head.fields, fault, true)) return std::nullopt;
  // RFC 9112 3.2: one Host in an HTTP/1.1 request.
  const auto hosts = field_values(head.fields, "Host").size();
  if (hosts == 0 && head.minor > 0 && fault != forwards_request_without_host) return std::nullopt;
  if (hosts > 1 && fault != forwards_two_hosts) return std::nullopt;
  return head;
}

std::optional<RelayedHead> relayed_answer(std::string_view text) {
  RelayedHead head;
  const auto end = text.find("\r\n");
  head.start = text.substr(0, end);
  const auto parsed = parse_response(as_octets(head.start + "\r\n\r\n"), {.octets = 1 << 20, .fields = 1});
  if (!parsed || parsed->version_major != 1) return std::nullopt;
  head.status = parsed->status;
  head.minor = parsed->version_minor;
  if (!read_fields(text.substr(end + 2), head.fields, none, false)) return std::nullopt;
  return head;
}

RelayedFraming framing_of_request(const RelayedHead& head, RelayFault fault) {
  if (find_field(head.fields, "Transfer-Encoding") != nullptr) {
    // RFC 9112 6.3: what does not end with chunked has no end. 6.1: HTTP/1.0 knows no Transfer-Encoding.
    const bool good = ends_with_chunked(head.fields) && head.minor > 0;
    return {good ? RelayedFraming::Kind::chunked : RelayedFraming::Kind::bad, 0};
  }
  const RelayedFraming framing = by_length(head.fields);
  if (framing.kind == RelayedFraming::Kind::bad && fault == forwards_bad_length) return {};
  return framing;
}

RelayedFraming framing_of_answer(const RelayedHead& head, std::string_view method) {
  if (head.status < 200 || head.status == 204 || head.status == 304 || method == "HEAD") return {};
  if (ends_with_chunked(head.fields)) return {RelayedFraming::Kind::chunked, 0};
  const RelayedFraming framing = by_length(head.fields);
  return framing.kind == RelayedFraming::Kind::none ? RelayedFraming{RelayedFraming::Kind::until_end, 0} : framing;
}

bool asks_for_upgrade(const RelayedHead& head, RelayFault fault) {
  // RFC 9110 7.8: Upgrade in an HTTP/1.0 request is ignored.
  if (head.minor == 0 && fault != forwards_upgrade_of_http_1_0) return false;
  return list_has_token(head.fields, "Connection", "upgrade") && !upgrade_list(head).empty();
}

bool is_asked_for(const RelayedHead& request, const RelayedHead& answer) {
  const std::string protocols = upgrade_list(answer);
  const auto chosen = list_elements(protocols);
  return !chosen.empty() && std::ranges::all_of(chosen, [&](std::string_view protocol) {
    return list_has_token(request.fields, "Upgrade", protocol);
  });
}

std::string request_to_forward(const RelayedHead& head, std::optional<std::uint64_t> content, RelayFault fault) {
  const bool upgrade = asks_for_upgrade(head, fault);
  std::string method = head.method;
  if (fault == makes_get_of_post && upgrade && method == "POST") method = "GET";
  if (fault == makes_post_of_get && content && method == "GET") method = "POST";
  std::string out = method + " " + head.target + " HTTP/1.1\r\n";
  std::vector<Field> fields = head.fields;
  if (fault == reverses_fields) std::ranges::reverse(fields);
  const auto named = named_in_connection(head.fields, fault);
  constexpr std::size_t kLong = 2048;
  for (const Field& field : fields) {
    if (is_in(field.name, kOfOneConnection) || is_named(named, field.name, fault) || is_dropped(field, fault)) continue;
    const bool bad = fault == forwards_bad_length && by_length(head.fields).kind == RelayedFraming::Kind::bad;
    if (same(field.name, "Content-Length") && !bad) continue;
    if (fault == drops_earlier_via && same(field.name, "Via")) continue;
    const std::size_t most = fault == cuts_long_fields ? kLong : field.value.size();
    add_line(out, field.name, std::string_view(field.value).substr(0, most));
  }
  // RFC 9110 7.6.3
  add_line(out, "Via", head.minor == 0 ? "1.0 relay" : "1.1 relay");
  if (content && !(fault == forwards_content_without_length && upgrade)) {
    if (fault == keeps_length_beside_chunked && find_field(head.fields, "Transfer-Encoding") != nullptr) {
      for (const std::string_view value : field_values(head.fields, "Content-Length"))
        add_line(out, "Content-Length", value);
      add_line(out, "Transfer-Encoding", "chunked");
    } else {
      add_line(out, "Content-Length", std::to_string(*content));
    }
  }
  if (upgrade) add_line(out, "Upgrade", upgrade_list(head));
  if (upgrade && fault == adds_an_extension && find_field(head.fields, "Sec-WebSocket-Extensions") == nullptr)
    add_line(out, "Sec-WebSocket-Extensions", "permessage-deflate");
  add_line(out, "Connection", upgrade ? "Upgrade" : "close");
  return out + "\r\n";
}

std::string answer_to_forward(const RelayedHead& head, RelayFault fault) {
  const bool refusal = fault == answers_500_for_refusal && head.status >= 400;
  std::string out = (refusal ? "HTTP/1.1 500 Internal Server Error" : "HTTP/1.1" + head.start.substr(8)) + "\r\n";
  const auto named =
      fault == forwards_named_fields_of_answer ? std::vector<std::string>{} : named_in_connection(head.fields, none);
  const bool switches = head.status == 101;
  for (const Field& field : with_cookies_as(head.fields, fault)) {
    const bool upgrade = same(field.name, "Upgrade");
    if (!upgrade && (is_in(field.name, kOfOneConnection) || is_named(named, field.name, none))) continue;
    // RFC 9110 8.6, RFC 9112 6.1: a 1xx has neither; of other answers the length is made anew.
    if (same(field.name, "Content-Length")) continue;
    if (switches && fault == drops_subprotocol_of_answer && same(field.name, "Sec-WebSocket-Protocol")) continue;
    if (switches && fault == drops_extensions_of_answer && same(field.name, "Sec-WebSocket-Extensions")) continue;
    const bool bare = switches && fault == drops_parameters_of_answer && same(field.name, "Sec-WebSocket-Extensions");
    add_line(out, field.name,
             std::string_view(field.value).substr(0, bare ? field.value.find(';') : field.value.size()));
  }
  if (find_field(head.fields, "Upgrade") != nullptr) add_line(out, "Connection", "Upgrade");
  return out;  // without the empty line: the caller knows what follows
}

}  // namespace ws::testing
