// header_reader.cc - one octet of a frame header after the other, each judged at once. RFC 6455 5.2.
#include "ws/core/connection/header_reader.h"

#include <algorithm>

namespace ws {
namespace {

using Verdict = std::optional<Violation>;

// RSV bits, opcode, FIN and the order of frames.
Verdict judge_first(const FrameHeader& header, const HeaderContext& context, const Limits& limits) {
  // RFC 6455 5.2, RFC 7692 6: only RSV1, and only with permessage-deflate.
  if (header.rsv2 || header.rsv3 || (header.rsv1 && !context.deflate)) return Violation::reserved_bit;
  if (is_reserved(header.opcode)) return Violation::reserved_opcode;  // RFC 6455 5.2
  // RFC 7692 6.1: neither on control frames nor on continuations.
  if (header.rsv1 && (is_control(header.opcode) || header.opcode == Opcode::cont))
    return Violation::compressed_bit_misplaced;
  if (is_control(header.opcode)) return header.fin ? Verdict{} : Violation::control_fragmented;  // RFC 6455 5.4
  // RFC 6455 5.4: fragments of one message are not interleaved with another message.
  if (header.opcode == Opcode::cont && !context.in_message) return Violation::continuation_unexpected;
  if (header.opcode != Opcode::cont && context.in_message) return Violation::continuation_missing;
  const std::uint32_t before = header.opcode == Opcode::cont ? context.fragments : 0;
  return before >= limits.fragments ? Verdict(Violation::too_many_fragments) : Verdict{};  // RFC 6455 10.4
}

Verdict judge_second(const FrameHeader& header, bool masked, std::uint64_t short_length, const HeaderContext& context) {
  // RFC 6455 5.1: clients mask, servers do not.
  if (masked != context.masked) return context.masked ? Violation::mask_missing : Violation::mask_present;
  if (is_control(header.opcode) && short_length > kMaxControlPayload)
    return Violation::control_too_long;  // RFC 6455 5.5
  return std::nullopt;
}

// RFC 6455 10.4. A compressed message is counted after inflating, by the reader of its payload.
Verdict judge_length(const FrameHeader& header, const HeaderContext& context, const Limits& limits) {
  if (is_control(header.opcode)) return std::nullopt;
  if (header.length > limits.frame) return Violation::frame_too_big;
  const bool first = header.opcode != Opcode::cont;
  if (first ? header.rsv1 : context.message_compressed) return std::nullopt;
  const std::uint64_t before = first ? 0 : context.message_octets;
  if (before > limits.message || header.length > limits.message - before) return Violation::message_too_big;
  return std::nullopt;
}

constexpr std::byte kMasked{0x80};

}  // namespace

std::optional<FrameHeader> HeaderReader::take_whole(ByteView& in, const HeaderContext& context,
                                                    const Limits& limits) const {
  if (count_ != 0) return std::nullopt;
  if (in.size() < 2) return std::nullopt;
  const std::size_t size = header_size(in.first<2>());
  if (in.size() < size) return std::nullopt;
  const auto header = decode_header(in.first(size));
  if (!header) return std::nullopt;
  const bool masked = (in[1] & kMasked) != std::byte{0};
  const std::uint64_t short_length = std::to_integer<std::uint64_t>(in[1] & ~kMasked);
  if (judge_first(*header, context, limits) || judge_second(*header, masked, short_length, context) ||
      judge_length(*header, context, limits))
    return std::nullopt;
  in = in.subspan(size);
  return *header;
}

std::expected<std::optional<FrameHeader>, Violation> HeaderReader::take(ByteView& in, const HeaderContext& context,
                                                                        const Limits& limits) {
  // The usual case. Else octet by octet, which finds the first one that breaks a rule.
  if (const auto header = take_whole(in, context, limits)) return *header;
  while (!in.empty()) {
    octets_[count_] = in.front();
    const std::size_t have = count_ + 1;
    // The octets that are still missing are zero: no mask, no length.
    if (have == 1) {
      const std::array<std::byte, 2> alone = {octets_[0], std::byte{0}};
      if (const auto broken = judge_first(decode_header_lenient(alone), context, limits))
        return std::unexpected(*broken);
      in = in.subspan(1);
      count_ = have;
      continue;
    }
    const std::size_t size = header_size(std::span(octets_).first<2>());
    const bool masked = (octets_[1] & kMasked) != std::byte{0};
    const std::size_t length_end = masked ? size - sizeof(MaskKey) : size;
    if (have == 2) {
      const std::array<std::byte, 2> alone = {octets_[0], std::byte{0}};
      const std::uint64_t short_length = std::to_integer<std::uint64_t>(octets_[1] & ~kMasked);
      if (const auto broken = judge_second(decode_header_lenient(alone), masked, short_length, context))
        return std::unexpected(*broken);
    }
    if (have == length_end) {
      std::array<std::byte, kMaxHeaderSize> padded{};  // with zeros for the key
      std::copy_n(octets_.begin(), have, padded.begin());
      const auto header = decode_header(ByteView(padded).first(size));
      if (!header) return std::unexpected(header.error());
      if (const auto broken = judge_length(*header, context, limits)) return std::unexpected(*broken);
    }
    in = in.subspan(1);
    count_ = have;
    if (have == size) {
      count_ = 0;
      return decode_header_lenient(ByteView(octets_).first(size));
    }
  }
  return std::optional<FrameHeader>{};
}

}  // namespace ws
