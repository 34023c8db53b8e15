#include "runner/campaign/deflate_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr unsigned kStored = 0, kFixed = 1, kReserved = 3, kEndOfBlock = 256;

}  // namespace

void DeflateBlocks::bits(std::uint32_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    hold_ |= (value >> i & 1) << held_;
    if (++held_ < 8) continue;
    out_.push_back(static_cast<std::byte>(hold_));
    hold_ = held_ = 0;
  }
}

void DeflateBlocks::code(std::uint32_t value, unsigned count) {
  while (count-- > 0) bits(value >> count & 1, 1);
}

void DeflateBlocks::align() {
  if (held_ > 0) bits(0, 8 - held_);
}

// RFC 1951 3.2.6.
void DeflateBlocks::literal(unsigned symbol) {
  if (symbol < 144) return code(0x30 + symbol, 8);
  if (symbol < 256) return code(0x190 + symbol - 144, 9);
  if (symbol < 280) return code(symbol - 256, 7);
  code(0xC0 + symbol - 280, 8);
}

// RFC 1951 3.2.5.
void DeflateBlocks::match(std::uint32_t distance, std::uint32_t length) {
  if (length == kMostMatch) {
    literal(285);
  } else if (length < 11) {
    literal(254 + length);
  } else {
    unsigned extra = 1;
    while (length - 3 >= (8U << extra)) ++extra;
    literal(261 + 4 * extra + ((length - 3) >> extra) - 4);
    bits((length - 3) & ((1U << extra) - 1), extra);
  }
  if (distance < 5) return code(distance - 1, 5);
  unsigned extra = 1;
  while (distance - 1 >= (4U << extra)) ++extra;
  code(2 + 2 * extra + ((distance - 1) >> extra & 1), 5);
  bits((distance - 1) & ((1U << extra) - 1), extra);
}

void DeflateBlocks::stored(ws::ByteView octets, bool final) {
  octets = octets.first(std::min<std::size_t>(octets.size(), kMostStored));
  bits(final ? 1 : 0, 1);
  bits(kStored, 2);
  align();
  const auto length = static_cast<std::uint32_t>(octets.size());
  bits(length, 16);
  bits(~length & 0xFFFF, 16);
  ws::append(out_, octets);
}

void DeflateBlocks::fixed(ws::ByteView literals, std::uint32_t distance, std::uint32_t length, bool final) {
  bits(final ? 1 : 0, 1);
  bits(kFixed, 2);
  for (const std::byte octet : literals) literal(std::to_integer<unsigned>(octet));
  if (length != 0) match(std::clamp(distance, 1U, kMostDistance), std::clamp(length, kLeastMatch, kMostMatch));
  literal(kEndOfBlock);
  if (final) align();  // RFC 7692 7.2.1: another block follows on the next octet
}

void DeflateBlocks::reserved() {
  bits(0, 1);
  bits(kReserved, 2);
}

ws::Bytes DeflateBlocks::take() {
  bits(0, 1);
  bits(kStored, 2);
  align();
  return std::exchange(out_, {});
}

}  // namespace touchstone::fuzz
