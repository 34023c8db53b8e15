// window_inflater.cc - a decoder of DEFLATE blocks that knows its window. RFC 1951 3.2.
#include "ws/core/deflate/window_inflater.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ws {
namespace {

// RFC 1951 3.2.5: base values and extra bits of the length symbols 257-285 and the distance symbols 0-29.
// clang-format off
constexpr std::array<std::uint16_t, 29> kLengthBase = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
                                                       67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> kLengthExtra = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
                                                       4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, 30> kDistanceBase = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
                                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<std::uint8_t, 30> kDistanceExtra = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8,
                                                         9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
// RFC 1951 3.2.7: the order in which the lengths of the code length code are written.
constexpr std::array<std::uint8_t, 19> kLengthOrder = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
// clang-format on

constexpr int kEndOfBlock = 256;
constexpr std::size_t kMaxMatch = 258;
constexpr std::size_t kSlack = 32 * 1024;  // inflated between two moves of the window
constexpr unsigned kFixedLiterals = 288, kFixedDistances = 30;

// RFC 1951 3.2.6.
struct FixedCodes {
  HuffmanCode literals, distances;
  FixedCodes() {
    std::array<std::uint8_t, kFixedLiterals> lengths;
    for (unsigned i = 0; i < kFixedLiterals; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    static_cast<void>(literals.build(lengths, false));
    // 32 codes of five bits, of which the last two never stand in valid data.
    std::array<std::uint8_t, 32> five;
    five.fill(5);
    static_cast<void>(distances.build(five, false));
  }
};

const FixedCodes& fixed_codes() {
  static const FixedCodes codes;
  return codes;
}

}  // namespace

WindowInflater::WindowInflater(int window_bits)
    : window_(std::size_t{1} << window_bits),
      capacity_(window_ + kSlack + kMaxMatch),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

void WindowInflater::refill(ByteView& in) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    if (in.size() >= sizeof hold_ && bits_ < 48) {
      std::uint64_t word;
      std::memcpy(&word, in.data(), sizeof word);
      const unsigned octets = (63 - bits_) / 8;
      hold_ |= word << bits_;
      bits_ += 8 * octets;
      hold_ &= (std::uint64_t{1} << bits_) - 1;
      in = in.subspan(octets);
    }
  }
  while (bits_ < 48 && !in.empty()) {
    hold_ |= std::to_integer<std::uint64_t>(in.front()) << bits_;
    bits_ += 8;
    in = in.subspan(1);
  }
}

std::uint32_t WindowInflater::take(unsigned n) noexcept {
  const std::uint32_t value = peek(n);
  drop(n);
  return value;
}

std::expected<void, Violation> WindowInflater::inflate(ByteView in, std::uint64_t limit, Bytes& out) {
  for (;;) {
    const Progress progress = step(in);
    // What was inflated counts before the reason why inflating stopped.
    if (progress != Progress::more || end_ > window_ + kSlack)
      if (!flush(limit, out)) return std::unexpected(Violation::message_too_big);
    if (progress == Progress::corrupt) return std::unexpected(Violation::deflate_corrupt);
    if (progress == Progress::wait) return {};
  }
}

// Hands over what is new, up to one octet above the limit, and moves the window to the front.
bool WindowInflater::flush(std::uint64_t limit, Bytes& out) {
  if (out.size() > limit) return false;
  const ByteView fresh = ByteView(buffer_.get(), end_).subspan(flushed_);
  const std::uint64_t room = limit - out.size();
  const bool fits = fresh.size() <= room;
  append(out, fits ? fresh : fresh.first(std::min<std::size_t>(fresh.size(), static_cast<std::size_t>(room) + 1)));
  if (end_ > window_ + kSlack) {
    std::memmove(buffer_.get(), buffer_.get() + (end_ - window_), window_);
    end_ = window_;
  }
  flushed_ = end_;
  return fits;
}

WindowInflater::Progress WindowInflater::step(ByteView& in) {
  refill(in);
  switch (stage_) {
    case Stage::block_header:
      return read_block_header();
    case Stage::stored_length:
      return read_stored_length();
    case Stage::stored:
      return copy_stored(in);
    case Stage::code_counts:
      return read_code_counts();
    case Stage::code_length_code:
      return read_code_length_code();
    case Stage::code_lengths:
      return read_code_lengths();
    case Stage::symbols:
      return read_symbols(in);
  }
  return Progress::corrupt;
}

// RFC 1951 3.2.3.
WindowInflater::Progress WindowInflater::read_block_header() {
  if (bits_ < 3) return Progress::wait;
  final_ = take(1) != 0;
  switch (take(2)) {
    case 0:
      drop(bits_ % 8);  // RFC 1951 3.2.4
      stage_ = Stage::stored_length;
      return Progress::more;
    case 1:
      fixed_ = true;
      stage_ = Stage::symbols;
      return Progress::more;
    case 2:
      stage_ = Stage::code_counts;
      return Progress::more;
    default:
      return Progress::corrupt;
  }
}

// RFC 1951 3.2.4: LEN and its complement.
WindowInflater::Progress WindowInflater::read_stored_length() {
  if (bits_ < 32) return Progress::wait;
  const std::uint32_t length = take(16);
  if (take(16) != (length ^ 0xFFFFU)) return Progress::corrupt;
  stored_left_ = length;
  stage_ = Stage::stored;
  return Progress::more;
}

WindowInflater::Progress WindowInflater::copy_stored(ByteView& in) {
  // First the octets that were already pulled, then straight from the input.
  while (stored_left_ > 0 && bits_ > 0 && end_ < capacity_) {
    buffer_[end_++] = static_cast<std::byte>(take(8));
    --stored_left_;
  }
  if (bits_ == 0) {
    const std::size_t n = std::min({stored_left_, in.size(), capacity_ - end_});
    std::copy_n(in.begin(), n, buffer_.get() + end_);
    end_ += n;
    stored_left_ -= n;
    in = in.subspan(n);
  }
  if (stored_left_ == 0) return end_block();
  return end_ == capacity_ ? Progress::more : Progress::wait;
}

// RFC 7692 7.2.1: after a final block the next one begins on the next octet.
WindowInflater::Progress WindowInflater::end_block() {
  if (final_) drop(bits_ % 8);
  stage_ = Stage::block_header;
  return Progress::more;
}

// RFC 1951 3.2.7: HLIT, HDIST, HCLEN.
WindowInflater::Progress WindowInflater::read_code_counts() {
  if (bits_ < 14) return Progress::wait;
  literals_ = take(5) + 257;
  distances_ = take(5) + 1;
  code_lengths_ = take(4) + 4;
  if (literals_ > 286 || distances_ > 30) return Progress::corrupt;
  lengths_read_ = 0;
  lengths_.fill(0);
  stage_ = Stage::code_length_code;
  return Progress::more;
}

WindowInflater::Progress WindowInflater::read_code_length_code() {
  if (lengths_read_ < code_lengths_) {
    if (bits_ < 3) return Progress::wait;
    lengths_[kLengthOrder[lengths_read_++]] = static_cast<std::uint8_t>(take(3));
    return Progress::more;
  }
  if (!length_code_.build(std::span(lengths_).first(kLengthOrder.size()), false)) return Progress::corrupt;
  lengths_read_ = 0;
  lengths_.fill(0);
  stage_ = Stage::code_lengths;
  return Progress::more;
}

// One code length, or one run of them.
WindowInflater::Progress WindowInflater::read_code_lengths() {
  const unsigned total = literals_ + distances_;
  if (lengths_read_ == total) {
    const auto all = std::span(std::as_const(lengths_));
    // A block that cannot end is not valid.
    if (lengths_[kEndOfBlock] == 0 || !literal_code_.build(all.first(literals_), true) ||
        !distance_code_.build(all.subspan(literals_, distances_), true))
      return Progress::corrupt;
    fixed_ = false;
    stage_ = Stage::symbols;
    return Progress::more;
  }
  unsigned used = 0;
  const int symbol = length_code_.decode(hold_, bits_, used);
  if (symbol == HuffmanCode::kNeedMore) return Progress::wait;
  if (symbol < 0) return Progress::corrupt;
  if (symbol < 16) {
    drop(used);
    lengths_[lengths_read_++] = static_cast<std::uint8_t>(symbol);
    return Progress::more;
  }
  const unsigned extra = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
  if (bits_ < used + extra) return Progress::wait;
  drop(used);
  const unsigned repeat = take(extra) + (symbol == 18 ? 11 : 3);
  // Nothing to repeat, or more than there are symbols.
  if ((symbol == 16 && lengths_read_ == 0) || repeat > total - lengths_read_) return Progress::corrupt;
  const std::uint8_t length = symbol == 16 ? lengths_[lengths_read_ - 1] : std::uint8_t{0};
  std::fill_n(lengths_.begin() + lengths_read_, repeat, length);
  lengths_read_ += repeat;
  return Progress::more;
}

// Literals and matches until the input or the buffer ends. A match is taken whole or not at all: its at
// most 48 bits fit into `hold_`.
WindowInflater::Progress WindowInflater::read_symbols(ByteView& in) {
  const HuffmanCode& literal_code = fixed_ ? fixed_codes().literals : literal_code_;
  const HuffmanCode& distance_code = fixed_ ? fixed_codes().distances : distance_code_;
  while (end_ <= window_ + kSlack) {
    refill(in);
    unsigned used = 0;
    const int symbol = literal_code.decode(hold_, bits_, used);
    if (symbol == HuffmanCode::kNeedMore) return Progress::wait;
    if (symbol < 0) return Progress::corrupt;
    if (symbol < kEndOfBlock) {
      drop(used);
      buffer_[end_++] = static_cast<std::byte>(symbol);
      continue;
    }
    if (symbol == kEndOfBlock) {
      drop(used);
      return end_block();
    }
    const auto length_index = static_cast<std::size_t>(symbol - kEndOfBlock - 1);
    if (length_index >= kLengthBase.size()) return Progress::corrupt;
    const unsigned length_extra = kLengthExtra[length_index];
    if (bits_ < used + length_extra) return Progress::wait;
    const unsigned before_distance = used + length_extra;
    const int distance_symbol = distance_code.decode(hold_ >> before_distance, bits_ - before_distance, used);
    if (distance_symbol == HuffmanCode::kNeedMore) return Progress::wait;
    if (distance_symbol < 0 || distance_symbol >= static_cast<int>(kFixedDistances)) return Progress::corrupt;
    const auto distance_index = static_cast<std::size_t>(distance_symbol);
    const unsigned distance_extra = kDistanceExtra[distance_index];
    if (bits_ < before_distance + used + distance_extra) return Progress::wait;
    drop(before_distance - length_extra);
    const std::size_t length = kLengthBase[length_index] + take(length_extra);
    drop(used);
    const std::size_t distance = kDistanceBase[distance_index] + take(distance_extra);
    if (!copy_match(length, distance)) return Progress::corrupt;
  }
  return Progress::more;
}

// RFC 7692 7.2.1: not beyond the agreed window, and not beyond the first octet.
bool WindowInflater::copy_match(std::size_t length, std::size_t distance) {
  if (distance > std::min(end_, window_)) return false;
  std::byte* to = buffer_.get() + end_;
  const std::byte* from = to - distance;
  if (distance >= length) {
    std::memcpy(to, from, length);
  } else {
    for (std::size_t i = 0; i < length; ++i) to[i] = from[i];  // the match overlaps itself
  }
  end_ += length;
  return true;
}

}  // namespace ws
