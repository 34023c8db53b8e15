// close.h - RFC 6455 5.5.1, 7.4: the payload of a Close frame.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/violation.h>

#include <expected>
#include <optional>
#include <string>

namespace ws {

// Status codes of RFC 6455 7.4.1 and of the IANA registry.
namespace close_code {
constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocolError = 1002, kUnsupportedData = 1003,
                        kNoStatus = 1005, kAbnormal = 1006, kInvalidPayload = 1007, kPolicyViolation = 1008,
                        kMessageTooBig = 1009, kMandatoryExtension = 1010, kInternalError = 1011,
                        kServiceRestart = 1012, kTryAgainLater = 1013, kBadGateway = 1014, kTlsHandshake = 1015;
}  // namespace close_code

struct CloseReason {
  std::uint16_t code = close_code::kNormal;
  std::string text{};  // UTF-8, at most 123 octets
  bool operator==(const CloseReason&) const = default;
};

// May this code stand in a Close frame? 1000-1003, 1007-1014 (IANA), 3000-4999.
[[nodiscard]] bool close_code_on_wire(std::uint16_t code) noexcept;

// The status code at the front of a Close payload, whatever it is; nothing when it is too short for one.
[[nodiscard]] std::optional<std::uint16_t> close_code_of(ByteView payload) noexcept;

// Reads a Close payload; an empty one has no reason.
[[nodiscard]] std::expected<std::optional<CloseReason>, Violation> decode_close(ByteView payload);

// Writes code and text as they are.
[[nodiscard]] Bytes encode_close(const std::optional<CloseReason>& reason);

}  // namespace ws
