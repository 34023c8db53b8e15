// The parts of the frames that the catalogue sends: headers, texts, Close payloads, compressed messages.
#include "fuzz/seeds/frames_of.h"
#include "fuzz/seeds/seeds.h"
#include "fuzz/support/frames.h"

#include <ws/core/deflate/deflate.h>

#include <zlib.h>

#include <utility>

namespace fuzz {
namespace {

using ws::Bytes;

Bytes with_first(std::byte first, const Bytes& rest) {
  Bytes out = {first};
  ws::append(out, rest);
  return out;
}

// Symbols as often as makes the code of each a bit longer than that of the next: Leonardo's numbers.
Bytes long_codes() {
  Bytes text;
  for (unsigned symbol = 0, now = 1, next = 1; symbol < 13; ++symbol, now = std::exchange(next, now + next + 1))
    text.insert(text.end(), now, static_cast<std::byte>(symbol));
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_HUFFMAN_ONLY);
  Bytes out(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// More than an inflater holds after its window.
Bytes long_text(int window_bits) {
  Bytes text(40'000), out;
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>((i % 200) * (i % 200) % 251);
  ws::Deflater(window_bits, false, 9).compress(text, true, out);
  return out;
}

}  // namespace

void seeds_of_parts(Corpus& corpus) {
  const Bytes tail = {std::byte{0}, std::byte{0}, std::byte{0xFF}, std::byte{0xFF}};
  for (const touchstone::Case& c : touchstone::Catalogue::built_in().cases()) {
    if (c.bulk || c.two_sided) continue;
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
  corpus.add("deflate", "long-codes", with_first(std::byte{7}, long_codes()));
  corpus.add("deflate", "long-text", with_first(std::byte{1}, long_text(9)));
}

}  // namespace fuzz
