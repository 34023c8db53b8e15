// extensions.h - RFC 6455 9.1 and RFC 7692 7.1: extension lists, and the negotiation of permessage-deflate.
#pragma once
#include <ws/core/http/http1.h>

namespace ws {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value{};  // unquoted
  bool operator==(const ExtensionParameter&) const = default;
};

struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters{};
  bool operator==(const Extension&) const = default;
};

// All elements of all Sec-WebSocket-Extensions fields, in order.
[[nodiscard]] std::expected<std::vector<Extension>, Violation> parse_extensions(const std::vector<Field>& fields);
[[nodiscard]] std::expected<std::vector<Extension>, Violation> parse_extensions(std::string_view value);
[[nodiscard]] std::string serialize(const std::vector<Extension>& extensions);

// What both sides agreed on. RFC 7692 7.1. Window sizes are base-2 logarithms, 8 to 15.
struct DeflateParams {
  bool server_no_context_takeover = false, client_no_context_takeover = false;
  int server_max_window_bits = 15, client_max_window_bits = 15;
  bool operator==(const DeflateParams&) const = default;
};

// What a client asks for. RFC 7692 7.1.1, 7.1.2.
struct DeflateOffer {
  bool server_no_context_takeover = false, client_no_context_takeover = false;
  std::optional<int> server_max_window_bits{};       // 8 to 15
  bool client_max_window_bits = true;                // announce support
  std::optional<int> client_max_window_bits_hint{};  // 8 to 15, only with client_max_window_bits
  bool operator==(const DeflateOffer&) const = default;
};

[[nodiscard]] Extension to_extension(const DeflateOffer& offer);
// The offer that an element of a request makes; nothing for one that a server has to decline, because it is not of
// permessage-deflate or a parameter is unknown, repeated or ill-valued (RFC 7692 7).
[[nodiscard]] std::optional<DeflateOffer> read_offer(const Extension& element);

// Server: takes the first acceptable permessage-deflate element. Elements with unknown, repeated or
// invalid parameters are declined (RFC 7692 7.1). zlib cannot make raw streams with an 8-bit window,
// so an offer that demands server_max_window_bits=8 is declined. `preference` may add no-takeover and
// smaller windows where the offer allows them.
struct DeflateAgreement {
  DeflateParams params;
  Extension response;
};
[[nodiscard]] std::optional<DeflateAgreement> accept_deflate(const std::vector<Extension>& offers,
                                                             const DeflateParams& preference = {});

// Client: judges a permessage-deflate element of the response against the offer that was sent.
[[nodiscard]] std::expected<DeflateParams, Violation> check_deflate(const DeflateOffer& offer,
                                                                    const Extension& response);

}  // namespace ws
