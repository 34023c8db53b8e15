// frame.cc - frame headers to octets and back. RFC 6455 5.2.
#include <ws/core/frame.h>
#include <ws/core/mask.h>

#include <algorithm>
#include <cassert>

namespace ws {
namespace {

constexpr std::uint8_t kFin = 0x80, kRsv1 = 0x40, kRsv2 = 0x20, kRsv3 = 0x10, kOpcodeBits = 0x0F;
constexpr std::uint8_t kMaskBit = 0x80, kLengthBits = 0x7F;
constexpr std::uint8_t kLength16 = 126, kLength64 = 127;

constexpr std::uint8_t octet_at(ByteView octets, std::size_t i) noexcept {
  return std::to_integer<std::uint8_t>(octets[i]);
}

constexpr std::size_t length_octets(std::uint8_t length_field) noexcept {
  return length_field == kLength16 ? 2 : length_field == kLength64 ? 8 : 0;
}

// RFC 6455 5.2: extended lengths are in network byte order.
std::uint64_t read_big_endian(ByteView octets) noexcept {
  std::uint64_t value = 0;
  for (const std::byte octet : octets) value = value << 8 | std::to_integer<std::uint64_t>(octet);
  return value;
}

std::byte* write_big_endian(std::uint64_t value, std::size_t octets, std::byte* to) noexcept {
  while (octets-- > 0) *to++ = static_cast<std::byte>(value >> (8 * octets) & 0xFF);
  return to;
}

}  // namespace

bool is_reserved(Opcode opcode) noexcept {
  const auto value = static_cast<unsigned>(opcode);
  return (value > 2 && value < 8) || value > 10;
}

std::string_view name(Opcode opcode) noexcept {
  static constexpr std::array<std::string_view, 16> kNames = {
      "continuation", "text", "binary", "reserved-3",  "reserved-4",  "reserved-5",  "reserved-6",  "reserved-7",
      "close",        "ping", "pong",   "reserved-11", "reserved-12", "reserved-13", "reserved-14", "reserved-15"};
  return kNames[static_cast<std::size_t>(opcode) & kOpcodeBits];
}

std::size_t header_size(std::span<const std::byte, 2> first_two) noexcept {
  const auto second = std::to_integer<std::uint8_t>(first_two[1]);
  return 2 + length_octets(second & kLengthBits) + ((second & kMaskBit) != 0 ? sizeof(MaskKey) : 0);
}

FrameHeader decode_header_lenient(ByteView octets) noexcept {
  assert(octets.size() >= 2 && octets.size() >= header_size(octets.first<2>()));
  const std::uint8_t first = octet_at(octets, 0), second = octet_at(octets, 1);
  FrameHeader header{.fin = (first & kFin) != 0,
                     .rsv1 = (first & kRsv1) != 0,
                     .rsv2 = (first & kRsv2) != 0,
                     .rsv3 = (first & kRsv3) != 0,
                     .opcode = static_cast<Opcode>(first & kOpcodeBits),
                     .mask = {},
                     .length = static_cast<std::uint64_t>(second & kLengthBits)};
  const std::size_t extended = length_octets(second & kLengthBits);
  if (extended != 0) header.length = read_big_endian(octets.subspan(2, extended));
  if ((second & kMaskBit) != 0) {
    MaskKey key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = octets[2 + extended + i];
    header.mask = key;
  }
  return header;
}

std::expected<FrameHeader, Violation> decode_header(ByteView octets) {
  FrameHeader header = decode_header_lenient(octets);
  const std::uint8_t field = octet_at(octets, 1) & kLengthBits;
  // RFC 6455 5.2: the most significant bit of a 64-bit length is 0.
  if (header.length >> 63 != 0) return std::unexpected(Violation::length_high_bit);
  // RFC 6455 5.2: the minimal number of octets encodes the length. The clause binds the sender; this
  // receiver takes the choice to fail the connection (C-16).
  if ((field == kLength16 && header.length < kLength16) || (field == kLength64 && header.length <= 0xFFFF))
    return std::unexpected(Violation::length_not_minimal);
  return header;
}

void encode_header(const FrameHeader& header, Bytes& out) {
  const auto bit = [](bool set, std::uint8_t value) { return set ? unsigned{value} : 0U; };
  std::array<std::byte, kMaxHeaderSize> octets;
  std::byte* to = octets.data();
  *to++ = static_cast<std::byte>(bit(header.fin, kFin) | bit(header.rsv1, kRsv1) | bit(header.rsv2, kRsv2) |
                                 bit(header.rsv3, kRsv3) | (static_cast<unsigned>(header.opcode) & kOpcodeBits));
  const unsigned mask_bit = bit(header.mask.has_value(), kMaskBit);
  if (header.length < kLength16) {
    *to++ = static_cast<std::byte>(mask_bit | header.length);
  } else if (header.length <= 0xFFFF) {
    *to++ = static_cast<std::byte>(mask_bit | kLength16);
    to = write_big_endian(header.length, 2, to);
  } else {
    *to++ = static_cast<std::byte>(mask_bit | kLength64);
    to = write_big_endian(header.length, 8, to);
  }
  if (header.mask) to = std::ranges::copy(*header.mask, to).out;
  append(out, {octets.data(), to});
}

void encode_frame(FrameHeader header, ByteView payload, Bytes& out) {
  header.length = payload.size();
  encode_header(header, out);
  append(out, payload);
  if (header.mask) apply_mask(std::span(out).last(payload.size()), *header.mask);
}

}  // namespace ws
