// Both inflaters give what zlib gives with a window that is exactly as large, however cut; what is compressed comes
// back, also from a prepared message.
//
// The input: octet 0 has the window's bits less 8 (bits 0-2), no context takeover (3), a small limit (4), the level of
// the way back (5-7). Then messages, each followed by the 00 00 FF FF that RFC 7692 7.2.1 takes off.
#include "fuzz/support/check.h"
#include "fuzz/support/frames.h"
#include "fuzz/support/slow_utf8.h"

#include <ws/core/connection/prepared.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/deflate/window_inflater.h>

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace {

using fuzz::check;
using ws::Bytes;
using ws::ByteView;
using Result = std::expected<void, ws::Violation>;

constexpr std::array<std::byte, 4> kTail = {std::byte{0}, std::byte{0}, std::byte{0xFF}, std::byte{0xFF}};

Bytef* zlib_octets(const std::byte* octets) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(octets)); }

// zlib judges distances by the octets in its window and in its output buffer. With one octet of output a call the
// buffer is empty whenever a match begins, so only the window counts.
class Reference {
 public:
  Reference(int bits, bool forget) : forget_(forget) {
    check(inflateInit2(&stream_, -bits) == Z_OK, "zlib has such a window");
  }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  ~Reference() { inflateEnd(&stream_); }

  Result message(ByteView wire, std::uint64_t limit, Bytes& out) {
    for (const ByteView part : {wire, ByteView(kTail)})
      if (const Result fed = feed(part, limit, out); !fed) return fed;
    if (!between_blocks_) return std::unexpected(ws::Violation::deflate_corrupt);
    if (forget_) inflateReset(&stream_);
    return {};
  }

 private:
  Result feed(ByteView in, std::uint64_t limit, Bytes& out) {
    stream_.next_in = zlib_octets(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    for (;;) {
      Bytef octet = 0;
      const uInt before = stream_.avail_in;
      stream_.next_out = &octet;
      stream_.avail_out = 1;
      const int result = inflate(&stream_, Z_SYNC_FLUSH);
      // A call without progress says nothing about where the data stands.
      if (result != Z_STREAM_END && stream_.avail_out == 1 && stream_.avail_in == before && result != Z_DATA_ERROR)
        return {};
      if (stream_.avail_out == 0) out.push_back(std::byte{octet});
      between_blocks_ = (stream_.data_type & 128) != 0 && (stream_.data_type & 31) == 0;
      if (out.size() > limit) return std::unexpected(ws::Violation::message_too_big);
      if (result == Z_STREAM_END) {
        inflateResetKeep(&stream_);
        between_blocks_ = true;
        continue;
      }
      if (result != Z_OK && result != Z_BUF_ERROR) return std::unexpected(ws::Violation::deflate_corrupt);
    }
  }

  z_stream stream_{};
  bool forget_;
  bool between_blocks_ = true;
};

std::vector<ByteView> messages(ByteView octets) {
  std::vector<ByteView> out;
  while (!octets.empty()) {
    const auto tail = std::ranges::search(octets, kTail);
    const auto n = static_cast<std::size_t>(tail.begin() - octets.begin());
    out.push_back(octets.first(n));
    octets = octets.subspan(std::min(octets.size(), n + kTail.size()));
  }
  return out;
}

template <class Decoder>
Result inflate_in_pieces(Decoder& decoder, ByteView wire, std::size_t piece, std::uint64_t limit, Bytes& out) {
  while (!wire.empty()) {
    const std::size_t n = std::min(piece, wire.size());
    if (const Result done = decoder.inflate(wire.first(n), limit, out); !done) return done;
    wire = wire.subspan(n);
  }
  return {};
}

// The decoder for small windows, at any size, as Inflater uses it.
struct Windowed {
  ws::WindowInflater decoder;
  bool forget;
  Result inflate(ByteView in, std::uint64_t limit, Bytes& out) { return decoder.inflate(in, limit, out); }
  Result finish(std::uint64_t limit, Bytes& out) {
    if (const Result fed = decoder.inflate(kTail, limit, out); !fed) return fed;
    if (!decoder.between_blocks()) return std::unexpected(ws::Violation::deflate_corrupt);
    if (forget) decoder.reset();
    return {};
  }
};

const char* word(const Result& result) { return result ? "good" : ws::rule(result.error()).name.data(); }

void check_the_way_back(const Bytes& text, int bits, int level, bool forget) {
  ws::Deflater deflater(std::max(bits, 9), forget, level);
  ws::Inflater inflater(std::max(bits, 9), forget);
  for (int round = 0; round < 2; ++round) {
    Bytes wire, back;
    const std::size_t half = text.size() / 2;
    deflater.compress(ByteView(text).first(half), false, wire);
    deflater = ws::Deflater(std::move(deflater));  // goes on as before
    deflater.compress(ByteView(text).subspan(half), true, wire);
    check(inflater.inflate(wire, text.size(), back) && inflater.finish(text.size(), back) && back == text,
          "what is compressed comes back");
    inflater = ws::Inflater(std::move(inflater));
  }
}

void check_prepared(const Bytes& text, int bits, int level) {
  const ws::PrepareOptions options{.level = level, .window_bits = std::max(bits, 9)};
  const auto as_text = ws::PreparedMessage::text(ws::as_text(text), options);
  check(as_text.has_value() == fuzz::slow_utf8(text).valid, "a prepared text is UTF-8");
  const auto message = as_text ? *as_text : ws::PreparedMessage::binary(text, options);
  check(std::ranges::equal(message.payload(), text), "a prepared message has its payload");
  const ByteView wire = message.deflated_payload();
  if (message.deflated_frame().empty()) return;
  check(wire.size() < text.size(), "a compressed form is shorter");
  Bytes back;
  ws::Inflater inflater(message.deflated_window_bits(), true);
  check(inflater.inflate(wire, text.size(), back) && inflater.finish(text.size(), back) && back == text,
        "the window that a prepared message needs is as large as it says");
}

// The messages' own octets, as far as zlib can read them.
Bytes best_effort(ByteView wire) {
  Bytes out;
  ws::Inflater inflater(15, false);
  for (const ByteView message : messages(wire))
    if (!inflater.inflate(message, 4096, out) || !inflater.finish(4096, out)) break;
  return out;
}

Bytes recompressed(const Bytes& text, fuzz::Random& random) {
  constexpr std::array kStrategies = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
  constexpr std::array kFlushes = {Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK, Z_FINISH};
  z_stream stream{};
  deflateInit2(&stream, static_cast<int>(fuzz::below(random, 10)), Z_DEFLATED,
               -static_cast<int>(9 + fuzz::below(random, 7)), 1 + static_cast<int>(fuzz::below(random, 9)),
               kStrategies[fuzz::below(random, kStrategies.size())]);
  Bytes out(deflateBound(&stream, text.size()) + 64);
  stream.next_in = zlib_octets(text.data());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  stream.avail_in = static_cast<uInt>(fuzz::below(random, text.size() + 1));
  const uInt first = stream.avail_in;
  deflate(&stream, kFlushes[fuzz::below(random, 3)]);
  stream.avail_in = static_cast<uInt>(text.size()) - first;
  deflate(&stream, kFlushes[fuzz::below(random, kFlushes.size())]);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::octets(data, size));
  const unsigned how = choices.octet();
  const int bits = static_cast<int>(8 + (how & 7));
  const bool forget = (how & 8) != 0;
  const std::uint64_t limit = (how & 16) != 0 ? 100 : 1 << 16;
  Reference reference(bits, forget);
  ws::Inflater whole(bits, forget), octetwise(bits, forget);
  Windowed windowed{ws::WindowInflater(bits), forget};

  Bytes text;
  for (const ByteView message : messages(choices.rest())) {
    text.clear();
    const Result expected = reference.message(message, limit, text);
    const auto compare = [&](auto& decoder, std::size_t piece) {
      Bytes out;
      Result result = inflate_in_pieces(decoder, message, piece, limit, out);
      if (result) result = decoder.finish(limit, out);
      if (result != expected || out != text)
        std::fprintf(stderr, "pieces of %zu: %s after %zu octets; zlib: %s after %zu\n", piece, word(result),
                     out.size(), word(expected), text.size());
      check(result == expected, "an inflater judges as zlib does");
      check(out == text, "an inflater gives the octets that zlib gives");
    };
    compare(whole, std::max<std::size_t>(message.size(), 1));
    compare(octetwise, 1);
    compare(windowed, 3);
    if (!expected) return 0;
  }
  const int level = static_cast<int>(how >> 5);
  check_the_way_back(text, bits, level, forget);
  check_prepared(text, bits, level);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  fuzz::Random random(seed);
  const std::size_t which = fuzz::below(random, 4);
  if (size < 2 || which < 2) return LLVMFuzzerMutate(data, size, most);
  const ByteView wire = std::as_bytes(std::span(data, size)).subspan(1);
  // New blocks for the same or a changed text: in place of the old ones, or after them.
  Bytes content = best_effort(wire);
  fuzz::with(LLVMFuzzerMutate)(content, 4096);
  Bytes next = which == 2 ? Bytes{} : ws::to_bytes(wire);
  ws::append(next, recompressed(content, random));
  if (fuzz::below(random, 2) == 0) data[0] ^= static_cast<std::uint8_t>(1U << fuzz::below(random, 8));
  const std::size_t n = std::min(next.size(), most - 1);
  std::memcpy(data + 1, next.data(), n);
  return n + 1;
}
