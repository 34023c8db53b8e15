// handshake.h - RFC 6455 4: what the opening handshake's two heads must say.
#pragma once
#include <ws/core/http/extensions.h>
#include <ws/core/http/http1.h>

namespace ws {

// Base64(SHA-1(key + GUID)). RFC 6455 4.2.2.
[[nodiscard]] std::string accept_key(std::string_view key);

// Base64 of 16 octets: a fresh Sec-WebSocket-Key. RFC 6455 4.1.
[[nodiscard]] std::string encode_nonce(std::span<const std::byte, 16> nonce);

// Whether the text is Base64 of 16 octets, whatever the pad bits; and whether it is a host with an
// optional port (RFC 3986 3.2) as it stands in a Host field.
[[nodiscard]] bool is_valid_key(std::string_view key) noexcept;
[[nodiscard]] bool is_valid_host(std::string_view host) noexcept;

// The parts of a valid request that the server needs. RFC 6455 4.2.1.
struct RequestFacts {
  std::string key;
  std::vector<std::string> subprotocols;  // in the client's order of preference
  std::vector<Extension> extensions;
};
[[nodiscard]] std::expected<RequestFacts, Violation> check_request(const RequestHead& head);

// What the client sent, as far as the answer is judged against it. RFC 6455 4.1.
struct RequestPromise {
  std::string key;
  std::vector<std::string> subprotocols;
  std::optional<DeflateOffer> deflate;
};
struct ResponseFacts {
  std::string subprotocol;  // empty: none
  std::optional<DeflateParams> deflate;
};
// Only for a 101 answer.
[[nodiscard]] std::expected<ResponseFacts, Violation> check_response(const ResponseHead& head,
                                                                     const RequestPromise& promise);

}  // namespace ws
