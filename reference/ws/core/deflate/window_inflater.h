// window_inflater.h - RFC 1951: inflating within a window that is exactly as large as agreed.
//
// RFC 7692 7.2.1 forbids matches that reach back further than the agreed window. zlib does not see
// them: it also accepts what still stands in the output buffer of the current call, so its answer
// would depend on the cut. Hence this decoder for all windows below 32,768 octets; with the full
// window no distance is too large, and zlib does the work.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/violation.h>

#include <expected>
#include <memory>

namespace ws {

// A canonical Huffman code (RFC 1951 3.2.2), built from the lengths of its symbols.
class HuffmanCode {
 public:
  // False when the lengths are over-subscribed or leave codes unused. As in zlib, a lone code of one
  // bit, or none at all, passes where `may_be_incomplete` says so; RFC 1951 3.2.7 has both for distances.
  [[nodiscard]] bool build(std::span<const std::uint8_t> lengths, bool may_be_incomplete);

  static constexpr int kNeedMore = -1, kInvalid = -2;
  // The next symbol among `bits` bits of `hold`, kNeedMore or kInvalid; `used` is the length of its code.
  [[nodiscard]] int decode(std::uint64_t hold, unsigned bits, unsigned& used) const noexcept;

 private:
  static constexpr unsigned kMaxLength = 15, kFastBits = 10;
  struct Entry {
    std::int16_t symbol;  // or kInvalid
    std::uint8_t length;  // 0: the code is longer than kFastBits
  };
  void fill_fast(std::span<const std::uint8_t> lengths);

  std::array<Entry, 1 << kFastBits> fast_{};
  std::array<std::uint16_t, kMaxLength + 1> count_{};  // codes by length
  std::array<std::uint16_t, 288> symbols_{};           // in the order of their codes
};

class WindowInflater {
 public:
  explicit WindowInflater(int window_bits);

  // As Inflater::inflate(). After a final block another block may follow on the next octet (RFC 7692 7.2.1).
  [[nodiscard]] std::expected<void, Violation> inflate(ByteView in, std::uint64_t limit, Bytes& out);

  // At the edge of a block and of an octet: the data may end here.
  [[nodiscard]] bool between_blocks() const noexcept { return stage_ == Stage::block_header && bits_ == 0; }
  // Forgets the window.
  void reset() noexcept { end_ = flushed_ = 0; }

 private:
  enum class Stage : std::uint8_t {
    block_header,
    stored_length,
    stored,
    code_counts,
    code_length_code,
    code_lengths,
    symbols
  };
  enum class Progress : std::uint8_t { more, wait, corrupt };

  Progress step(ByteView& in);
  Progress read_block_header();
  Progress read_stored_length();
  Progress read_code_counts();
  Progress read_code_length_code();
  Progress read_code_lengths();
  Progress read_symbols(ByteView& in);
  Progress copy_stored(ByteView& in);
  Progress end_block();
  bool copy_match(std::size_t length, std::size_t distance);

  void refill(ByteView& in) noexcept;
  std::uint32_t peek(unsigned n) const noexcept {
    return static_cast<std::uint32_t>(hold_ & ((std::uint64_t{1} << n) - 1));
  }
  void drop(unsigned n) noexcept { hold_ >>= n, bits_ -= n; }
  std::uint32_t take(unsigned n) noexcept;
  bool flush(std::uint64_t limit, Bytes& out);

  Stage stage_ = Stage::block_header;
  bool final_ = false, fixed_ = false;
  std::uint64_t hold_ = 0;  // the next bits, the first one lowest
  unsigned bits_ = 0;
  std::size_t stored_left_ = 0;
  unsigned literals_ = 0, distances_ = 0, code_lengths_ = 0, lengths_read_ = 0;
  std::array<std::uint8_t, 320> lengths_{};
  HuffmanCode length_code_, literal_code_, distance_code_;

  // The window and what was inflated after it; octets before `flushed_` are already in `out`. What lies after `end_`
  // has no value yet: a connection that inflates little touches little memory.
  std::size_t window_, capacity_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t end_ = 0, flushed_ = 0;
};

}  // namespace ws
