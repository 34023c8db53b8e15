// Every header means what RFC 6455 5.2 draws, is written back as it was when it is minimal, and unmasking undoes
// masking.
#include "fuzz/support/check.h"

#include <ws/core/connection/header_reader.h>
#include <ws/core/frame.h>
#include <ws/core/mask.h>

#include <algorithm>

namespace {

using fuzz::check;

// The figure of RFC 6455 5.2, bit after bit from the left.
class Bits {
 public:
  explicit Bits(ws::ByteView octets) : octets_(octets) {}
  std::uint64_t take(unsigned n) {
    std::uint64_t value = 0;
    for (; n > 0; --n, ++at_) value = value << 1 | (std::to_integer<unsigned>(octets_[at_ / 8]) >> (7 - at_ % 8) & 1U);
    return value;
  }
  [[nodiscard]] std::size_t octets() const { return at_ / 8; }

 private:
  ws::ByteView octets_;
  std::size_t at_ = 0;
};

struct Drawn {
  ws::FrameHeader header;
  std::size_t size = 0;
  bool minimal = true;
};

Drawn draw(ws::ByteView octets) {
  Bits bits(octets);
  Drawn drawn;
  ws::FrameHeader& header = drawn.header;
  header.fin = bits.take(1) != 0;
  header.rsv1 = bits.take(1) != 0;
  header.rsv2 = bits.take(1) != 0;
  header.rsv3 = bits.take(1) != 0;
  header.opcode = static_cast<ws::Opcode>(bits.take(4));
  const bool masked = bits.take(1) != 0;
  header.length = bits.take(7);
  if (header.length == 126) {
    header.length = bits.take(16);
    drawn.minimal = header.length > 125;
  } else if (header.length == 127) {
    header.length = bits.take(64);
    drawn.minimal = header.length > 65535;
  }
  if (masked) {
    header.mask.emplace();
    for (std::byte& octet : *header.mask) octet = static_cast<std::byte>(bits.take(8));
  }
  drawn.size = bits.octets();
  return drawn;
}

// A header reader with nothing but its own octets to judge takes the same octets, one at a time.
void check_reader(ws::ByteView head, const Drawn& drawn) {
  ws::HeaderReader reader;
  const ws::HeaderContext context{.masked = drawn.header.mask.has_value(), .deflate = true};
  const ws::Limits limits{.frame = ~0ULL, .message = ~0ULL};
  for (std::size_t i = 0; i < head.size(); ++i) {
    ws::ByteView octet = head.subspan(i, 1);
    const auto taken = reader.take(octet, context, limits);
    if (!taken) return;  // which rules it knows is for the connection targets
    check(taken->has_value() == (i + 1 == head.size()), "a header is complete with its last octet");
    if (*taken) check(**taken == drawn.header, "the reader reads what stands there");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ws::Bytes octets = ws::to_bytes(fuzz::octets(data, size));
  octets.resize(std::max(octets.size(), ws::kMaxHeaderSize));
  const Drawn drawn = draw(octets);
  check(ws::header_size(std::span(octets).first<2>()) == drawn.size, "the first two octets tell the size");
  const ws::ByteView head = ws::ByteView(octets).first(drawn.size);
  check(ws::decode_header_lenient(head) == drawn.header, "a header means what is drawn");

  const auto strict = ws::decode_header(head);
  const bool high_bit = drawn.header.length >> 63 != 0;
  check(strict.has_value() == (drawn.minimal && !high_bit), "exactly minimal lengths below 2^63 pass");
  ws::Bytes again;
  ws::encode_header(drawn.header, again);
  check(std::ranges::equal(again, head) == drawn.minimal, "a minimal header is written back as it was");
  check(!ws::name(drawn.header.opcode).empty(), "every opcode has a name");
  check_reader(head, drawn);

  // The rest is a payload: a frame made of it holds it, masked by the octets of the figure.
  const ws::ByteView payload = ws::ByteView(octets).subspan(drawn.size);
  ws::Bytes frame;
  ws::encode_frame(drawn.header, payload, frame);
  const std::size_t start = frame.size() - payload.size();
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const std::byte key = drawn.header.mask ? (*drawn.header.mask)[i % 4] : std::byte{0};
    check(frame[start + i] == (payload[i] ^ key), "octet i is masked with octet i modulo 4 of the key");
  }
  if (drawn.header.mask) {
    const std::size_t cut = payload.empty() ? 0 : std::to_integer<std::size_t>(octets[0]) % payload.size();
    ws::apply_mask(std::span(frame).subspan(start, cut), *drawn.header.mask);
    ws::apply_mask(std::span(frame).subspan(start + cut), *drawn.header.mask, cut);
    check(std::ranges::equal(std::span(frame).subspan(start), payload), "unmasking in two pieces undoes masking");
  }
  return 0;
}
