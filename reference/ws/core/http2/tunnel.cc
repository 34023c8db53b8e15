// tunnel.cc - heads of HTTP/1.1 to field sections, and back. RFC 8441 5, RFC 9113 8.3.
#include <ws/core/http/handshake.h>
#include <ws/core/http2/tunnel.h>

#include <algorithm>

namespace ws::http2 {
namespace {

using enum Violation;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

// RFC 8441 5: what HTTP/1.1 needs and HTTP/2 has other means for. Content-Length would be that of a body.
bool stays_behind(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {
      "connection",           "upgrade",           "host",       "sec-websocket-key",
      "sec-websocket-accept", "transfer-encoding", "keep-alive", "proxy-connection"};
  return std::ranges::find(kNames, name) != kNames.end();
}

void append_regular(Fields& section, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    std::string name = lower(field.name);
    if (!stays_behind(name)) section.push_back({std::move(name), field.value});
  }
}

}  // namespace

Fields connect_request(const RequestHead& head, bool secure) {
  const Field* const host = find_field(head.fields, "Host");
  // RFC 8441 5: https for wss, http for ws; Host is :authority.
  Fields section{{":method", "CONNECT"},
                 {":protocol", "websocket"},
                 {":scheme", secure ? "https" : "http"},
                 {":path", head.target},
                 {":authority", host == nullptr ? std::string() : host->value}};
  append_regular(section, head.fields);
  return section;
}

ResponseHead upgrade_answer(const Response& response, std::string_view key) {
  const bool open = response.status >= 200 && response.status < 300;  // RFC 9113 8.5: any 2xx
  ResponseHead head{.status = open ? 101 : response.status, .reason = {}, .fields = {}};
  head.reason = reason_phrase(head.status);
  if (open) {
    head.fields.push_back({"Upgrade", "websocket"});
    head.fields.push_back({"Connection", "Upgrade"});
    head.fields.push_back({"Sec-WebSocket-Accept", accept_key(key)});
  }
  for (const Field& field : response.fields) {
    if (open && field.name == "content-length") continue;  // RFC 9110 9.3.6: to be ignored in a 2xx to CONNECT
    if (!stays_behind(field.name)) head.fields.push_back(field);
  }
  return head;
}

std::expected<void, Violation> check_tunnel(const Request& request, const Offered& offered) {
  if (request.protocol && !offered.connect_protocol) return std::unexpected(protocol_without_setting);
  if (!request.protocol) return {};
  // RFC 9110 7.8: names of protocols are compared without case (C-38).
  if (!equals_ignoring_case(*request.protocol, "websocket")) return std::unexpected(protocol_unknown);
  if (request.authority.empty() && find_field(request.fields, "host") == nullptr)
    return std::unexpected(authority_missing);
  if (offered.ended) return std::unexpected(request_ended);
  return {};
}

RequestHead upgrade_request(const Request& request, std::string_view key) {
  RequestHead head{.method = "GET", .target = request.path, .fields = {}};
  const Field* const host = find_field(request.fields, "host");
  head.fields.push_back({"Host", request.authority.empty() && host != nullptr ? host->value : request.authority});
  head.fields.push_back({"Upgrade", "websocket"});
  head.fields.push_back({"Connection", "Upgrade"});
  head.fields.push_back({"Sec-WebSocket-Key", std::string(key)});
  for (const Field& field : request.fields) {
    // RFC 9113 8.5: what follows a CONNECT is no content, so that no length can be meant.
    if (!stays_behind(field.name) && field.name != "content-length") head.fields.push_back(field);
  }
  return head;
}

Fields tunnel_answer(const ResponseHead& head) {
  const bool open = head.status == 101;
  const int status = open ? 200 : head.status == 426 ? 400 : head.status;
  Fields section{{":status", std::to_string(status)}};
  append_regular(section, head.fields);
  if (open) std::erase_if(section, [](const Field& field) { return field.name == "content-length"; });
  return section;
}

}  // namespace ws::http2
