// tunnel.h - RFC 8441 5: an extended CONNECT and its answer, and the opening handshake of RFC 6455 that they stand for.
//
// Both directions: an endpoint that speaks RFC 6455's handshake gets the heads of HTTP/1.1, and the wire gets field
// sections. Sec-WebSocket-Key and -Accept have no counterpart in HTTP/2 (RFC 8441 5): on the way up they are made here,
// on the way down they are left out.
#pragma once
#include <ws/core/http2/heads.h>

namespace ws::http2 {

// --- The client's side ---

// The field section of an extended CONNECT. `head` is a request of RFC 6455 4.1.
[[nodiscard]] Fields connect_request(const RequestHead& head, bool secure);
// What the answer says in HTTP/1.1: 101 for every 2xx, with the Sec-WebSocket-Accept that belongs to `key`; another
// status as it is.
[[nodiscard]] ResponseHead upgrade_answer(const Response& response, std::string_view key);

// --- The server's side ---

// What is asked of a request before it is looked at as a WebSocket's.
struct Offered {
  bool connect_protocol = true;  // we sent SETTINGS_ENABLE_CONNECT_PROTOCOL with 1
  bool ended = false;            // the request has END_STREAM
};
[[nodiscard]] std::expected<void, Violation> check_tunnel(const Request& request, const Offered& offered);
// The request that it stands for. `key` goes into Sec-WebSocket-Key.
[[nodiscard]] RequestHead upgrade_request(const Request& request, std::string_view key);
// The field section of the answer: 200 for a 101. 426 becomes 400, for there is nothing to upgrade to (RFC
// 9110 15.5.22).
[[nodiscard]] Fields tunnel_answer(const ResponseHead& head);

}  // namespace ws::http2
