// handshake.cc - what a request and its answer have to say. RFC 6455 4.1, 4.2.
#include <ws/core/http/handshake.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

namespace ws {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3

template <std::size_t Size>
std::string base64(std::span<const unsigned char, Size> octets) {
  constexpr std::size_t kText = (Size + 2) / 3 * 4;
  std::array<unsigned char, kText + 1> text{};
  EVP_EncodeBlock(text.data(), octets.data(), static_cast<int>(Size));
  return std::string(text.begin(), text.begin() + kText);
}

constexpr bool is_base64(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// RFC 6455 4.2.1: decodes to 16 octets, so 22 characters and "==". The pad bits may be anything: the
// example key of RFC 6455 1.3 in print has them set (C-09).
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_base64);
}

// RFC 3986 3.2.2, 3.2.3: host with an optional port; RFC 9112 3.2 wants no userinfo here.
bool is_host(std::string_view value) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=%";
  const auto is_name = [&](char c) { return (c != '+' && c != '/' && is_base64(c)) || kMarks.contains(c); };
  const auto port_at = value.starts_with('[') ? value.find(']') + 1 : std::min(value.find(':'), value.size());
  if (port_at == 0) return false;  // no name, or no closing bracket
  std::string_view name = value.substr(0, port_at), port = value.substr(port_at);
  if (name.starts_with('[')) {
    name = name.substr(1, name.size() - 2);
    if (!std::ranges::all_of(name, [&](char c) { return c == ':' || is_name(c); })) return false;
  } else if (!std::ranges::all_of(name, is_name)) {
    return false;
  }
  return !name.empty() &&
         (port.empty() ||
          (port[0] == ':' && std::ranges::all_of(port.substr(1), [](char c) { return c >= '0' && c <= '9'; })));
}

// RFC 6455 4.2.1: a path, or an absolute http or https URI. '#' and non-ASCII never stand in a target
// (RFC 6455 3); other characters outside RFC 3986 are sent by browsers and are let through.
bool is_target(std::string_view target) {
  if (!std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7F && c != '#'; })) return false;
  if (target.starts_with('/')) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto authority = target.substr(scheme.size());
    return is_host(authority.substr(0, authority.find_first_of("/?")));
  }
  return false;
}

// The elements of a token list over all fields of that name; nothing when one is no token, when there
// is a field but no element, or when an element comes twice (RFC 6455 4.1: all are unique).
std::optional<std::vector<std::string>> token_list(const std::vector<Field>& fields, std::string_view name) {
  std::vector<std::string> tokens;
  const auto values = field_values(fields, name);
  for (const std::string_view value : values) {
    for (const std::string_view element : list_elements(value)) {
      if (!is_token(element) || std::ranges::find(tokens, element) != tokens.end()) return std::nullopt;
      tokens.emplace_back(element);
    }
  }
  if (!values.empty() && tokens.empty()) return std::nullopt;
  return tokens;
}

std::size_t count(const std::vector<Field>& fields, std::string_view name) { return field_values(fields, name).size(); }

bool below_1_1(int major, int minor) { return major < 1 || (major == 1 && minor < 1); }

// A body would be read as frames; RFC 9112 6.3. This server wants none.
bool announces_body(const std::vector<Field>& fields) {
  if (count(fields, "Transfer-Encoding") != 0) return true;
  return std::ranges::any_of(field_values(fields, "Content-Length"),
                             [](std::string_view length) { return length != "0"; });
}

}  // namespace

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key).append(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(std::span<const unsigned char, SHA_DIGEST_LENGTH>(digest));
}

std::string encode_nonce(std::span<const std::byte, 16> nonce) {
  return base64(std::span<const unsigned char, 16>(reinterpret_cast<const unsigned char*>(nonce.data()), 16));
}

bool is_valid_key(std::string_view key) noexcept { return is_key(key); }
bool is_valid_host(std::string_view host) noexcept { return is_host(host); }

std::expected<RequestFacts, Violation> check_request(const RequestHead& head) {
  using enum Violation;
  const auto& fields = head.fields;
  const auto no = [](Violation violation) { return std::unexpected(violation); };
  if (head.method != "GET") return no(method_not_get);                                     // RFC 6455 4.1 item 2
  if (below_1_1(head.version_major, head.version_minor)) return no(http_version_too_low);  // RFC 6455 4.2.1 item 1
  if (!is_target(head.target)) return no(target_malformed);
  for (const auto name : {"Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"})  // RFC 9112 3.2, RFC 6455 11.3
    if (count(fields, name) > 1) return no(handshake_field_repeated);
  const Field* host = find_field(fields, "Host");
  if (host == nullptr || !is_host(host->value)) return no(host_missing);  // item 2
  if (announces_body(fields)) return no(head_malformed);
  if (!list_has_token(fields, "Upgrade", "websocket")) return no(upgrade_missing);              // item 3
  if (!list_has_token(fields, "Connection", "upgrade")) return no(connection_upgrade_missing);  // item 4
  // The version goes first: the fields of another version may look different.
  const Field* version = find_field(fields, "Sec-WebSocket-Version");  // item 6
  if (version == nullptr) return no(version_missing);
  if (version->value != "13") return no(version_unsupported);
  const Field* key = find_field(fields, "Sec-WebSocket-Key");  // item 5
  if (key == nullptr) return no(key_missing);
  if (!is_key(key->value)) return no(key_invalid);
  auto subprotocols = token_list(fields, "Sec-WebSocket-Protocol");  // item 8
  if (!subprotocols) return no(subprotocol_malformed);
  auto extensions = parse_extensions(fields);  // item 9
  if (!extensions) return no(extensions.error());
  return RequestFacts{key->value, std::move(*subprotocols), std::move(*extensions)};
}

std::expected<ResponseFacts, Violation> check_response(const ResponseHead& head, const RequestPromise& promise) {
  using enum Violation;
  const auto& fields = head.fields;
  const auto no = [](Violation violation) { return std::unexpected(violation); };
  if (below_1_1(head.version_major, head.version_minor)) return no(http_version_too_low);
  for (const auto name : {"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"})  // RFC 6455 11.3.3, 11.3.4
    if (count(fields, name) > 1) return no(handshake_field_repeated);
  const auto upgrade = field_values(fields, "Upgrade");
  // RFC 6455 4.1 item 2: here the whole value is websocket, not an element of a list.
  if (upgrade.size() != 1 || !equals_ignoring_case(upgrade[0], "websocket")) return no(upgrade_missing);
  if (!list_has_token(fields, "Connection", "upgrade")) return no(connection_upgrade_missing);  // item 3
  const Field* accept = find_field(fields, "Sec-WebSocket-Accept");                             // item 4
  if (accept == nullptr) return no(accept_missing);
  if (accept->value != accept_key(promise.key)) return no(accept_wrong);

  ResponseFacts facts;
  const auto extensions = parse_extensions(fields);  // item 5
  if (!extensions) return no(extensions.error());
  for (const Extension& extension : *extensions) {
    if (!promise.deflate || extension.name != "permessage-deflate") return no(extension_not_offered);
    // RFC 7692 5: two extensions that both use RSV1 cannot stand together.
    if (facts.deflate) return no(extension_parameters_invalid);
    const auto params = check_deflate(*promise.deflate, extension);
    if (!params) return no(params.error());
    facts.deflate = *params;
  }
  if (const Field* subprotocol = find_field(fields, "Sec-WebSocket-Protocol")) {  // item 6
    if (!is_token(subprotocol->value)) return no(subprotocol_malformed);
    if (std::ranges::find(promise.subprotocols, subprotocol->value) == promise.subprotocols.end())
      return no(subprotocol_not_offered);
    facts.subprotocol = subprotocol->value;
  }
  return facts;
}

}  // namespace ws
