#include <ws/core/http/handshake.h>
#include <ws/core/http2/tunnel.h>
#include <ws/io/http2/serve.h>
#include <ws/io/net/random.h>
#include <ws/testing/relay/relay_http2_impl.h>

#include <algorithm>
#include <array>

namespace ws::testing {
namespace {

using enum RelayFault;
using io::http2::Fields, io::http2::Http2Stream, io::http2::TunnelStream;

constexpr std::string_view kUpgradeNames[] = {"connection", "upgrade", "sec-websocket-key"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool has_line_ends(const Field& field) { return field.value.find_first_of("\r\n") != std::string::npos; }

bool has_capitals(const Field& field) {
  return std::ranges::any_of(field.name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// What the fault does not see of the section that came; what it forwards all the same is in `kept`.
Fields overlooked(Fields section, RelayFault fault, std::vector<Field>& kept) {
  const auto is_overlooked = [&](const Field& field) {
    const bool pseudo = field.name.starts_with(':');
    if (fault == http2_forwards_line_ends) return !pseudo && has_line_ends(field);
    if (fault == http2_forwards_capitals) return has_capitals(field);
    if (fault == http2_forwards_fields_of_one_connection)
      return field.name == "keep-alive" || field.name == "proxy-connection" || field.name == "connection";
    if (fault == http2_uses_host) return field.name == "host";
    if (fault == http2_upgrades_a_get) return is_one_of(field.name, kUpgradeNames);
    if (fault == http2_forwards_any_path) return field.name == ":path" && has_line_ends(field);
    return false;
  };
  std::erase_if(section, [&](const Field& field) {
    if (!is_overlooked(field)) return false;
    kept.push_back(field);
    return true;
  });
  if (fault == http2_forwards_any_path && !kept.empty()) section.insert(section.begin(), {":path", "/"});
  if (fault == http2_takes_two_protocols) {
    const auto first = std::ranges::find(section, ":protocol", &Field::name);
    if (first != section.end())
      section.erase(std::remove_if(first + 1, section.end(), [](const Field& f) { return f.name == ":protocol"; }),
                    section.end());
  }
  return section;
}

// RFC 9113 8.2.3.
void join_cookies(std::vector<Field>& fields) {
  const auto first = std::ranges::find(fields, "cookie", &Field::name);
  if (first == fields.end()) return;
  std::string all;
  for (const Field& field : fields)
    if (field.name == "cookie") all.append(all.empty() ? "" : "; ").append(field.value);
  first->value = all;
  const auto rest = std::remove_if(first + 1, fields.end(), [](const Field& f) { return f.name == "cookie"; });
  fields.erase(rest, fields.end());
}

RequestHead in_http1(const ws::http2::Request& request, const std::vector<Field>& kept, RelayFault fault) {
  RequestHead head = ws::http2::upgrade_request(
      request, fault == http2_has_one_key ? std::string(io::http2::kNoKey) : io::random_nonce());
  if (fault != http2_splits_cookies) join_cookies(head.fields);
  const auto set = [&](std::string_view name, std::string value) {
    std::ranges::find(head.fields, name, &Field::name)->value = std::move(value);
  };
  const auto regular = [&](std::string_view name) { return find_field(request.fields, name); };
  if (fault == http2_uses_host && !kept.empty()) set("Host", kept.front().value);
  if (fault == http2_keeps_the_clients_key && regular("sec-websocket-key") != nullptr)
    head.fields.push_back({"Sec-WebSocket-Key", regular("sec-websocket-key")->value});
  if (fault == http2_forwards_length && regular("content-length") != nullptr)
    head.fields.push_back({"Content-Length", regular("content-length")->value});
  if (fault == http2_forwards_any_path && !kept.empty()) {
    head.target = kept.front().value;
  } else if (fault != http2_upgrades_a_get && fault != http2_uses_host) {
    head.fields.insert(head.fields.end(), kept.begin(), kept.end());
  }
  return head;
}

// A WebSocket's, as far as the fault looks.
bool is_for_a_websocket(const ws::http2::Request& request, const std::vector<Field>& kept, RelayFault fault) {
  if (request.protocol) return true;
  if (fault == http2_takes_any_connect) return request.method == "CONNECT";
  return fault == http2_upgrades_a_get && !kept.empty();
}

ws::http2::Request with_its_path(ws::http2::Request request) {
  if (request.path.empty()) request.path = "/";
  return request;
}

}  // namespace

asio::awaitable<std::unique_ptr<io::Stream>> translated(std::unique_ptr<Http2Stream> stream, RelayFault fault) {
  auto section = co_await stream->head();
  if (!section) co_return nullptr;
  std::vector<Field> kept;
  auto request = ws::http2::read_request(overlooked(std::move(*section), fault, kept));
  std::expected<void, ws::http2::Violation> fine;
  if (!request) {
    fine = std::unexpected(request.error());
  } else {
    ws::http2::Request looked_at = *request;
    if (fault == http2_takes_any_protocol && looked_at.protocol) looked_at.protocol = "websocket";
    fine = ws::http2::check_tunnel(looked_at, {true, stream->ended_by_peer()});
  }
  if (!fine) {
    const ws::http2::Rule& broken = ws::http2::rule(fine.error());
    if (broken.http_status == 0) {
      stream->reset_with(io::http2::ErrorCode::protocol_error);  // RFC 9113 8.1.1: it is not forwarded
    } else {
      stream->answer({{":status", std::to_string(broken.http_status)}}, true);
    }
    co_return nullptr;
  }
  if (!is_for_a_websocket(*request, kept, fault)) {
    stream->answer({{":status", "501"}}, true);  // this gateway is for WebSockets
    co_return nullptr;
  }
  const RequestHead head = in_http1(with_its_path(std::move(*request)), kept, fault);
  co_return std::make_unique<TunnelStream>(std::move(stream), head);
}

asio::awaitable<std::shared_ptr<io::Stream>> open_http2(std::shared_ptr<io::Stream> client, std::string head,
                                                        RelayFault fault) {
  auto* const tunnel = dynamic_cast<TunnelStream*>(client.get());
  const auto answer = parse_response(as_octets(head), {.octets = 64 * 1024, .fields = 1000});
  if (tunnel == nullptr || !answer || (fault != http2_answers_101 && fault != http2_forwards_upgrade_of_101)) {
    (void)co_await client->write(as_octets(head));
    co_return client;
  }
  Fields section = ws::http2::tunnel_answer(*answer);
  if (fault == http2_answers_101) section.front().value = "101";
  if (fault == http2_forwards_upgrade_of_101) {
    section.push_back({"upgrade", "websocket"});
    section.push_back({"connection", "upgrade"});
  }
  tunnel->stream()->becomes_tunnel();
  tunnel->stream()->answer(section, false);
  co_return std::shared_ptr<io::Stream>(client, tunnel->stream());
}

bool accepts(const std::vector<Field>& request, const std::vector<Field>& answer, RelayFault fault) {
  if (fault == http2_takes_any_accept) return true;
  const Field* const key = find_field(request, "Sec-WebSocket-Key");
  const Field* const accept = find_field(answer, "Sec-WebSocket-Accept");
  return key != nullptr && accept != nullptr && accept->value == accept_key(key->value);
}

}  // namespace ws::testing
