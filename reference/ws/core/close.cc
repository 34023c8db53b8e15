// close.cc - the payload of a Close frame, both ways. RFC 6455 5.5.1, 7.4.
#include <ws/core/close.h>
#include <ws/core/utf8.h>

namespace ws {

bool close_code_on_wire(std::uint16_t code) noexcept {
  // RFC 6455 7.4.1 and the registry: 1004 has no meaning yet; 1005, 1006 and 1015 are never sent.
  if (code >= 1000 && code <= 1014) return code < 1004 || code > 1006;
  // RFC 6455 7.4.2: 0-999 are not used, 1016-2999 wait for a future revision, 3000-4999 are free.
  return code >= 3000 && code <= 4999;
}

std::optional<std::uint16_t> close_code_of(ByteView payload) noexcept {
  if (payload.size() < 2) return std::nullopt;
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 | std::to_integer<unsigned>(payload[1]));
}

std::expected<std::optional<CloseReason>, Violation> decode_close(ByteView payload) {
  if (payload.empty()) return std::optional<CloseReason>{};
  // RFC 6455 5.5.1: a body starts with a 2-octet status code.
  const auto code = close_code_of(payload);
  if (!code) return std::unexpected(Violation::close_payload_of_one);
  if (!close_code_on_wire(*code)) return std::unexpected(Violation::close_code_invalid);
  const ByteView text = payload.subspan(2);
  // RFC 6455 5.5.1, 8.1: the reason is UTF-8.
  if (!is_utf8(text)) return std::unexpected(Violation::close_reason_not_utf8);
  return CloseReason{*code, to_string(text)};
}

Bytes encode_close(const std::optional<CloseReason>& reason) {
  Bytes payload;
  if (!reason) return payload;
  payload.reserve(2 + reason->text.size());
  payload.push_back(static_cast<std::byte>(reason->code >> 8));
  payload.push_back(static_cast<std::byte>(reason->code & 0xFF));
  for (const std::byte octet : as_octets(reason->text)) payload.push_back(octet);
  return payload;
}

}  // namespace ws
