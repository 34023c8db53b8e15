// frame.h - RFC 6455 5.2: the frame header as a value, and its two directions.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/violation.h>

#include <expected>
#include <optional>

namespace ws {

// Any 4-bit value is representable, so a reserved opcode can be carried and reported.
enum class Opcode : std::uint8_t { cont = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA };

[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept { return (static_cast<unsigned>(opcode) & 0x8u) != 0; }
[[nodiscard]] bool is_reserved(Opcode opcode) noexcept;
[[nodiscard]] std::string_view name(Opcode opcode) noexcept;  // "text", "ping", "reserved-3" ...

struct FrameHeader {
  bool fin = true;
  bool rsv1 = false, rsv2 = false, rsv3 = false;
  Opcode opcode = Opcode::text;
  std::optional<MaskKey> mask{};
  std::uint64_t length = 0;  // payload octets
  bool operator==(const FrameHeader&) const = default;
};

constexpr std::size_t kMaxHeaderSize = 14;
constexpr std::size_t kMaxControlPayload = 125;  // RFC 6455 5.5

// Size of the header that starts with these two octets: 2 to 14.
[[nodiscard]] std::size_t header_size(std::span<const std::byte, 2> first_two) noexcept;

// Decodes exactly header_size() octets. Judges only what the octets of one header can tell by
// themselves (length form); roles, extensions and order are the connection's.
[[nodiscard]] std::expected<FrameHeader, Violation> decode_header(ByteView octets);

// The same without any judgment: every bit pattern has a meaning.
[[nodiscard]] FrameHeader decode_header_lenient(ByteView octets) noexcept;

// Appends the shortest encoding of the header. Any field values are written as they are.
void encode_header(const FrameHeader& header, Bytes& out);

// Appends a whole frame; the payload is masked when header.mask is set, header.length is ignored.
void encode_frame(FrameHeader header, ByteView payload, Bytes& out);

}  // namespace ws
