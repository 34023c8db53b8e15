// The parts of the frames that the catalogue sends: headers, texts, Close payloads, compressed messages.
#include "fuzz/seeds/frames_of.h"
#include "fuzz/seeds/seeds.h"
#include "fuzz/support/frames.h"

namespace fuzz {
namespace {

using ws::Bytes;

Bytes with_first(std::byte first, const Bytes& rest) {
  Bytes out = {first};
  ws::append(out, rest);
  return out;
}

}  // namespace

void seeds_of_parts(Corpus& corpus) {
  const Bytes tail = {std::byte{0}, std::byte{0}, std::byte{0xFF}, std::byte{0xFF}};
  for (const touchstone::Case& c : touchstone::Catalogue::built_in().cases()) {
    if (c.bulk) continue;
    const auto deflate = deflate_of(c);
    Bytes text, compressed;
    for (const WireFrame& frame : read_frames(frames_of(c, ws::Role::server, deflate)).frames) {
      const ws::FrameHeader& header = frame.header;
      Bytes head;
      ws::encode_header(header, head);
      ws::append(head, ws::ByteView(frame.payload).first(std::min<std::size_t>(frame.payload.size(), 5)));
      corpus.add("frame", c.id, head);
      if (header.opcode == ws::Opcode::close) corpus.add("close", c.id, frame.payload);
      if (header.rsv1) {
        ws::append(compressed, frame.payload);
        ws::append(compressed, tail);
      } else if (header.opcode == ws::Opcode::text || header.opcode == ws::Opcode::cont) {
        ws::append(text, frame.payload);
      }
    }
    corpus.add("utf8", c.id, text);
    if (compressed.empty()) continue;
    const int bits = deflate->client_max_window_bits - 8;
    const int forget = deflate->client_no_context_takeover ? 8 : 0;
    corpus.add("deflate", c.id, with_first(static_cast<std::byte>(bits | forget), compressed));
  }
}

}  // namespace fuzz
