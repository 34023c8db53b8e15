// deflate.cc - the two directions of permessage-deflate, over zlib. RFC 7692 7.2.
#include <ws/core/deflate/deflate.h>

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "ws/core/deflate/window_inflater.h"

namespace ws {
namespace {

// RFC 7692 7.2.1: the end of an empty stored block, which the wire leaves out.
constexpr std::array<std::byte, 4> kTail = {std::byte{0x00}, std::byte{0x00}, std::byte{0xFF}, std::byte{0xFF}};

constexpr std::size_t kMinGrowth = 512, kMaxGrowth = 256 * 1024;

Bytef* zlib_octets(const std::byte* octets) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(octets));  // zlib does not write to its input
}

uInt zlib_size(std::size_t size) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max() / 2));
}

// Gives zlib the next part of `in`.
void feed(z_stream& stream, ByteView& in) noexcept {
  const uInt n = zlib_size(in.size());
  stream.next_in = zlib_octets(in.data());
  stream.avail_in = n;
  in = in.subspan(n);
}

}  // namespace

// The state of zlib is made by the first message and reused for all others: it is a quarter of a
// megabyte that most idle connections never need.
struct Deflater::Impl {
  Impl(int bits, bool forget, int zlib_level) : window_bits(bits), no_context_takeover(forget), level(zlib_level) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (started) deflateEnd(&stream);
  }

  void start() {
    // zlib walks its whole hash table each time that the window moves on, so a small window wants a small
    // table: its size is 2^(level + 7). With 9 bits that makes compressing three times as fast; still smaller
    // tables make more and smaller blocks, which cost the reader more.
    const int memory_level = std::min(window_bits - 5, 8);
    if (deflateInit2(&stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
    started = true;
  }

  // Runs deflate() until it has no more to say.
  void run(int flush, Bytes& out) {
    do {
      const std::size_t before = out.size();
      // More room than a flush marker needs, or zlib would write the marker twice.
      const std::size_t room = std::clamp<std::size_t>(stream.avail_in / 2, kMinGrowth, kMaxGrowth);
      out.resize(before + room);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream.avail_out = static_cast<uInt>(room);
      deflate(&stream, flush);  // Z_BUF_ERROR says that there was nothing to do
      out.resize(out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
  int window_bits;
  bool no_context_takeover;
  int level;
  bool started = false;
};

Deflater::Deflater(int window_bits, bool no_context_takeover, int level)
    : impl_(std::make_unique<Impl>(window_bits, no_context_takeover, level)) {
  assert(window_bits >= 9 && window_bits <= 15);
}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

void Deflater::compress(ByteView in, bool last, Bytes& out) {
  if (!impl_->started) impl_->start();
  const std::size_t before = out.size();
  do {
    feed(impl_->stream, in);
    // Every fragment is flushed, so that the peer can read all of it at once.
    impl_->run(in.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
  } while (!in.empty());
  if (!last) return;
  if (out.size() - before >= kTail.size()) {
    out.resize(out.size() - kTail.size());
  } else {
    // Nothing new since the last flush, so zlib writes no second marker: an empty stored block without
    // its tail, RFC 7692 7.2.3.6.
    out.resize(before);
    out.push_back(std::byte{0x00});
  }
  if (impl_->no_context_takeover) forget();
}

void Deflater::forget() noexcept {
  if (impl_->started) deflateReset(&impl_->stream);
}

int Deflater::window_bits() const noexcept { return impl_->window_bits; }

namespace {

// The full window: zlib.
class ZlibInflater {
 public:
  ZlibInflater() {
    if (inflateInit2(&stream_, -15) != Z_OK) throw std::bad_alloc();
  }
  ZlibInflater(const ZlibInflater&) = delete;
  ZlibInflater& operator=(const ZlibInflater&) = delete;
  ~ZlibInflater() { inflateEnd(&stream_); }

  std::expected<void, Violation> inflate(ByteView in, std::uint64_t limit, Bytes& out) {
    if (out.size() > limit) return std::unexpected(Violation::message_too_big);
    while (!in.empty()) {
      feed(stream_, in);
      // Room as the input makes likely, and twice as much each time that it was too little. However long the message
      // is already, a few octets more cost no more than that.
      std::size_t wish = stream_.avail_in * std::size_t{4};
      do {
        if (const auto result = step(wish, limit, out); !result) return result;
        wish = std::min(wish * 2, kMaxGrowth);
      } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    }
    return {};
  }

  bool between_blocks() const noexcept { return between_blocks_; }
  void reset() noexcept { inflateReset(&stream_); }

 private:
  // One call of zlib, with room for no more than one octet above the limit: enough to see that it is broken.
  std::expected<void, Violation> step(std::size_t wish, std::uint64_t limit, Bytes& out) {
    const std::size_t before = out.size();
    std::size_t room = std::clamp(wish, kMinGrowth, kMaxGrowth);
    if (limit - before < room) room = static_cast<std::size_t>(limit - before) + 1;
    out.resize(before + room);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
    // zlib's manual, inflate(): 128 is set between blocks, the low bits count the unused bits of the last octet.
    between_blocks_ = (stream_.data_type & 128) != 0 && (stream_.data_type & 31) == 0;
    // What was inflated counts before the reason why inflating stopped.
    if (out.size() > limit) return std::unexpected(Violation::message_too_big);
    if (result == Z_STREAM_END) {
      // RFC 7692 7.2.1: after a final block the next one begins on the next octet, with the same
      // window. inflateResetKeep() is the reset that leaves the window where it is.
      inflateResetKeep(&stream_);
      between_blocks_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return std::unexpected(Violation::deflate_corrupt);
    }
    return {};
  }

  z_stream stream_{};
  bool between_blocks_ = true;  // at the edge of a block and of an octet
};

}  // namespace

// Made by the first message, as the deflater is.
struct Inflater::Impl {
  Impl(int bits, bool forget) : window_bits(bits), no_context_takeover(forget) {}

  template <class Use>
  auto with_decoder(Use use) {
    if (window_bits == 15) {
      if (!zlib) zlib.emplace();
      return use(*zlib);
    }
    if (!small) small.emplace(window_bits);
    return use(*small);
  }

  int window_bits;
  bool no_context_takeover;
  std::optional<ZlibInflater> zlib;
  std::optional<WindowInflater> small;
};

Inflater::Inflater(int window_bits, bool no_context_takeover)
    : impl_(std::make_unique<Impl>(window_bits, no_context_takeover)) {
  assert(window_bits >= 8 && window_bits <= 15);
}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

std::expected<void, Violation> Inflater::inflate(ByteView in, std::uint64_t limit, Bytes& out) {
  return impl_->with_decoder([&](auto& decoder) { return decoder.inflate(in, limit, out); });
}

std::expected<void, Violation> Inflater::finish(std::uint64_t limit, Bytes& out) {
  return impl_->with_decoder([&](auto& decoder) -> std::expected<void, Violation> {
    if (const auto fed = decoder.inflate(kTail, limit, out); !fed) return fed;
    // What the tail leaves open is no whole DEFLATE data: RFC 7692 7.2.2.
    if (!decoder.between_blocks()) return std::unexpected(Violation::deflate_corrupt);
    if (impl_->no_context_takeover) decoder.reset();
    return {};
  });
}

}  // namespace ws
