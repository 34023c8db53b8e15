#include "fuzz/support/frames.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/mask.h>
#include <ws/rules/frame_walker.h>

#include <algorithm>
#include <utility>

namespace fuzz {
namespace {

using ws::Bytes;
using ws::ByteView;
using Form = WireFrame::Form;

constexpr std::size_t kMostPayload = 4096;

Form form_of(const ws::rules::FrameInPlace& frame) {
  const auto header = ws::decode_header(frame.head);
  if (header || header.error() != ws::Violation::length_not_minimal) return Form::shortest;
  return frame.length_bits() == 16 ? Form::two_octets : Form::eight_octets;
}

void write_header(const WireFrame& frame, Bytes& out) {
  if (frame.form == Form::shortest) return ws::encode_header(frame.header, out);
  // The longer forms of a length that RFC 6455 5.2 wants shorter, or of which only the low octets fit.
  ws::FrameHeader header = frame.header;
  header.length = frame.form == Form::two_octets ? 126 : 0x10000;
  const std::size_t octets = frame.form == Form::two_octets ? 2 : 8;
  const std::size_t at = out.size() + 2;
  ws::encode_header(header, out);
  for (std::size_t i = 0; i < octets; ++i)
    out[at + i] = static_cast<std::byte>(frame.header.length >> (8 * (octets - 1 - i)) & 0xFF);
}

ws::MaskKey any_key(Random& random) {
  const auto value = random();
  return {std::byte(value & 0xFF), std::byte(value >> 8 & 0xFF), std::byte(value >> 16 & 0xFF), std::byte{0x5A}};
}

ws::Opcode any_opcode(Random& random) {
  constexpr std::array<std::uint8_t, 12> kOpcodes = {0, 0, 0, 1, 1, 2, 2, 8, 9, 10, 3, 11};
  return static_cast<ws::Opcode>(kOpcodes[below(random, kOpcodes.size())]);
}

// Payloads that say something: status codes, UTF-8 at its borders, the ends of DEFLATE streams.
Bytes any_payload(Random& random) {
  using namespace std::string_view_literals;
  static constexpr std::array kPayloads = {""sv,
                                           "a"sv,
                                           "Hello"sv,
                                           "\x03\xe8"sv,
                                           "\x03\xe8 bye"sv,
                                           "\x03\xed"sv,
                                           "\x0f\xa0"sv,
                                           "\xce\xba"sv,
                                           "\xed\xa0\x80"sv,
                                           "\xf4\x8f\xbf\xbf"sv,
                                           "\xf4\x90"sv,
                                           "\xe2\x82"sv,
                                           "\x00"sv,
                                           "\x02\x00"sv,
                                           "\xf2\x48\xcd\xc9\xc9\x07\x00"sv,
                                           "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv,
                                           "\x00\x05\x00\xfa\xffHello\x00"sv};
  return ws::to_bytes(kPayloads[below(random, kPayloads.size())]);
}

WireFrame any_frame(Random& random, bool server_reads) {
  WireFrame frame;
  frame.header.opcode = any_opcode(random);
  frame.header.fin = below(random, 4) != 0;
  frame.payload = any_payload(random);
  frame.header.length = frame.payload.size();
  if (server_reads) frame.header.mask = any_key(random);
  return frame;
}

void set_payload(WireFrame& frame, Bytes payload) {
  frame.payload = std::move(payload);
  frame.header.length = frame.payload.size();
}

void compress(WireFrame& frame, Random& random) {
  Bytes wire;
  const int bits = 9 + static_cast<int>(below(random, 7));
  ws::Deflater(bits, false, static_cast<int>(below(random, 10))).compress(frame.payload, true, wire);
  set_payload(frame, std::move(wire));
  frame.header.rsv1 = true;
}

void resize(WireFrame& frame, Random& random) {
  constexpr std::array<std::size_t, 8> kSizes = {0, 1, 2, 124, 125, 126, 127, 300};
  Bytes payload = frame.payload;
  payload.resize(kSizes[below(random, kSizes.size())], std::byte{'x'});
  set_payload(frame, std::move(payload));
}

void announce_wrongly(WireFrame& frame, Random& random) {
  constexpr std::array<std::uint64_t, 6> kLengths = {0, 126, 0xFFFF, 0x10000, 1ULL << 32, 1ULL << 63};
  frame.header.length =
      below(random, 2) == 0 ? kLengths[below(random, kLengths.size())] : frame.payload.size() + below(random, 5) - 2;
}

// One message becomes two fragments; the second part goes after `at`.
WireFrame split(WireFrame& frame, Random& random) {
  const std::size_t cut = below(random, frame.payload.size() + 1);
  WireFrame second = frame;
  second.header.opcode = ws::Opcode::cont;
  second.header.rsv1 = false;
  set_payload(second, Bytes(frame.payload.begin() + static_cast<std::ptrdiff_t>(cut), frame.payload.end()));
  frame.payload.resize(cut);
  frame.header.length = cut;
  frame.header.fin = false;
  return second;
}

// Changes that leave the number of frames alone.
void mutate_one(WireFrame& frame, bool server_reads, Random& random, const MutateOctets& mutate_octets) {
  switch (below(random, 14)) {
    case 0:
      frame.header.fin = !frame.header.fin;
      return;
    case 1:
      frame.header.opcode = any_opcode(random);
      return;
    case 2:
      frame.header.rsv1 = !frame.header.rsv1;
      return;
    case 3:
      (below(random, 2) == 0 ? frame.header.rsv2 : frame.header.rsv3) ^= true;
      return;
    case 4:
      if (frame.header.mask)
        frame.header.mask.reset();
      else
        frame.header.mask = any_key(random);
      return;
    case 5:
      frame.header.mask = server_reads ? std::optional(any_key(random)) : std::nullopt;
      return;
    case 6:
      frame.form = static_cast<Form>(below(random, 3));
      return;
    case 7:
      return announce_wrongly(frame, random);
    case 8:
      return set_payload(frame, any_payload(random));
    case 9:
      return compress(frame, random);
    case 10:
      return resize(frame, random);
    default: {
      Bytes payload = frame.payload;
      mutate_octets(payload, kMostPayload);
      return set_payload(frame, std::move(payload));
    }
  }
}

void mutate_list(std::vector<WireFrame>& frames, bool server_reads, Random& random) {
  const auto at = frames.begin() + static_cast<std::ptrdiff_t>(below(random, frames.size()));
  switch (below(random, 5)) {
    case 0:
      frames.insert(at, WireFrame(*at));
      return;
    case 1:
      frames.erase(at);
      return;
    case 2:
      std::swap(*at, frames[below(random, frames.size())]);
      return;
    case 3: {
      WireFrame second = split(*at, random);
      frames.insert(at + 1, std::move(second));
      return;
    }
    default:
      frames.insert(at + static_cast<std::ptrdiff_t>(below(random, 2)), any_frame(random, server_reads));
      return;
  }
}

}  // namespace

WireFrames read_frames(ByteView octets) {
  WireFrames out;
  while (const auto frame = ws::rules::first_frame(octets)) {
    out.frames.push_back({frame->header, form_of(*frame), frame->unmasked()});
    octets = octets.subspan(frame->size());
  }
  out.rest = ws::to_bytes(octets);
  return out;
}

Bytes write_frames(const WireFrames& frames) {
  Bytes out;
  for (const WireFrame& frame : frames.frames) {
    write_header(frame, out);
    ws::append(out, frame.payload);
    if (frame.header.mask) ws::apply_mask(std::span(out).last(frame.payload.size()), *frame.header.mask);
  }
  ws::append(out, frames.rest);
  return out;
}

void mutate_frames(WireFrames& all, bool server_reads, Random& random, const MutateOctets& mutate_octets) {
  for (std::size_t left = 1 + below(random, 3); left > 0; --left) {
    if (all.frames.empty()) {
      all.frames.push_back(any_frame(random, server_reads));
    } else if (below(random, 3) == 0) {
      mutate_list(all.frames, server_reads, random);
    } else {
      mutate_one(all.frames[below(random, all.frames.size())], server_reads, random, mutate_octets);
    }
  }
  if (below(random, 8) == 0) all.rest.clear();
}

MutateOctets with(std::size_t (*libfuzzer)(std::uint8_t*, std::size_t, std::size_t)) {
  return [libfuzzer](Bytes& octets, std::size_t most) {
    const std::size_t size = octets.size();
    octets.resize(std::max(size, std::min(most, 2 * size + 16)));
    octets.resize(libfuzzer(reinterpret_cast<std::uint8_t*>(octets.data()), size, octets.size()));
  };
}

}  // namespace fuzz
