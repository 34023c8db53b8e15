// heads.cc - what stands where in a field section. RFC 9113 8.2, 8.3.
#include <ws/core/http2/heads.h>

#include <algorithm>

namespace ws::http2 {
namespace {

using enum Violation;
using Settled = std::expected<void, Violation>;

bool is_lower_token(std::string_view name) {
  return is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// RFC 9113 8.2.1: only these are forbidden to every recipient, and blanks at the ends.
bool is_value(std::string_view value) {
  constexpr std::string_view kNever("\0\r\n", 3), kBlanks(" \t");
  if (value.find_first_of(kNever) != std::string_view::npos) return false;
  return value.empty() || (!kBlanks.contains(value.front()) && !kBlanks.contains(value.back()));
}

bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "proxy-connection", "keep-alive",
                                                      "transfer-encoding", "upgrade"};
  return std::ranges::find(kNames, name) != kNames.end();
}

Settled check_regular(const Field& field) {
  if (!is_lower_token(field.name)) return std::unexpected(name_malformed);
  if (!is_value(field.value)) return std::unexpected(value_malformed);
  if (is_of_connection(field.name)) return std::unexpected(connection_specific);
  // RFC 9113 8.2.2: the one exception.
  if (field.name == "te" && !equals_ignoring_case(field.value, "trailers")) return std::unexpected(te_not_trailers);
  return {};
}

// Where the value of a pseudo-header field goes; null: it has no place in this kind of head.
template <class Place>
std::expected<Fields, Violation> sort_out(const Fields& section, Place&& place) {
  Fields regular;
  for (const Field& field : section) {
    if (!field.name.starts_with(':')) {
      if (const Settled fine = check_regular(field); !fine) return std::unexpected(fine.error());
      regular.push_back(field);
      continue;
    }
    std::optional<std::string>* const value = place(field.name);
    if (value == nullptr) return std::unexpected(pseudo_unknown);
    if (!regular.empty()) return std::unexpected(pseudo_late);
    if (value->has_value()) return std::unexpected(pseudo_repeated);
    if (!is_value(field.value)) return std::unexpected(value_malformed);
    *value = field.value;
  }
  return regular;
}

// RFC 9113 8.3.1, and RFC 8441 4 for a CONNECT with :protocol.
Settled check_request(const std::optional<std::string>& method, const std::optional<std::string>& scheme,
                      const std::optional<std::string>& path, const std::optional<std::string>& protocol) {
  if (!method || !is_token(*method)) return std::unexpected(method_missing);
  if (protocol && *method != "CONNECT") return std::unexpected(protocol_without_connect);
  if (protocol && !is_token(*protocol)) return std::unexpected(protocol_malformed);
  if (*method == "CONNECT" && !protocol) {
    if (scheme || path) return std::unexpected(connect_with_path);
    return {};
  }
  if (!scheme || scheme->empty()) return std::unexpected(scheme_missing);
  if (!path || path->empty()) return std::unexpected(path_missing);
  return {};
}

// RFC 9113 8.3.1: the two must not differ. Letters of a host compare without case.
Settled check_host(const std::optional<std::string>& authority, const Fields& fields) {
  const Field* const host = find_field(fields, "host");
  if (authority && host != nullptr && !equals_ignoring_case(*authority, host->value))
    return std::unexpected(authority_differs);
  return {};
}

}  // namespace

std::expected<Request, Violation> read_request(const Fields& section) {
  std::optional<std::string> method, scheme, authority, path, protocol;
  auto regular = sort_out(section, [&](std::string_view name) -> std::optional<std::string>* {
    if (name == ":method") return &method;
    if (name == ":scheme") return &scheme;
    if (name == ":authority") return &authority;
    if (name == ":path") return &path;
    if (name == ":protocol") return &protocol;
    return nullptr;
  });
  if (!regular) return std::unexpected(regular.error());
  if (const Settled fine = check_request(method, scheme, path, protocol); !fine) return std::unexpected(fine.error());
  if (const Settled fine = check_host(authority, *regular); !fine) return std::unexpected(fine.error());
  return Request{.method = *method,
                 .scheme = scheme.value_or(std::string()),
                 .authority = authority.value_or(std::string()),
                 .path = path.value_or(std::string()),
                 .protocol = std::move(protocol),
                 .fields = std::move(*regular)};
}

std::expected<Response, Violation> read_response(const Fields& section) {
  std::optional<std::string> status;
  auto regular = sort_out(section, [&](std::string_view name) { return name == ":status" ? &status : nullptr; });
  if (!regular) return std::unexpected(regular.error());
  if (!status) return std::unexpected(status_missing);
  if (status->size() != 3 || !std::ranges::all_of(*status, is_digit) || status->front() == '0')
    return std::unexpected(status_malformed);
  Response response{.status = std::stoi(*status), .fields = std::move(*regular)};
  if (response.status == 101) return std::unexpected(switching_protocols);  // RFC 9113 8.6
  return response;
}

}  // namespace ws::http2
