// huffman_code.cc - the code of window_inflater.h: a table for short codes, counting for long ones.
#include "ws/core/deflate/window_inflater.h"

#include <algorithm>

namespace ws {

bool HuffmanCode::build(std::span<const std::uint8_t> lengths, bool may_be_incomplete) {
  count_.fill(0);
  for (const std::uint8_t length : lengths) ++count_[length];
  count_[0] = 0;

  // RFC 1951 3.2.2: how many codes of each length are left when the shorter ones are taken.
  int left = 1;
  unsigned longest = 0;
  for (unsigned length = 1; length <= kMaxLength; ++length) {
    left = left * 2 - count_[length];
    if (left < 0) return false;
    if (count_[length] != 0) longest = length;
  }
  if (left > 0 && !(may_be_incomplete && longest <= 1)) return false;

  std::array<std::uint16_t, kMaxLength + 2> start{};
  for (unsigned length = 1; length <= kMaxLength; ++length)
    start[length + 1] = static_cast<std::uint16_t>(start[length] + count_[length]);
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol)
    if (lengths[symbol] != 0) symbols_[start[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
  fill_fast(lengths);
  return true;
}

// One entry for every pattern of kFastBits bits. Codes stand in the stream with their first bit first,
// so they are turned round.
void HuffmanCode::fill_fast(std::span<const std::uint8_t> lengths) {
  const bool incomplete = std::ranges::max(lengths) <= 1 && count_[1] < 2;
  fast_.fill(incomplete ? Entry{kInvalid, 1} : Entry{0, 0});
  unsigned code = 0, index = 0;
  for (unsigned length = 1; length <= kFastBits; ++length, code <<= 1) {
    for (unsigned i = 0; i < count_[length]; ++i, ++code, ++index) {
      unsigned turned = 0;
      for (unsigned bit = 0; bit < length; ++bit) turned |= (code >> bit & 1U) << (length - 1 - bit);
      for (unsigned at = turned; at < fast_.size(); at += 1U << length)
        fast_[at] = {static_cast<std::int16_t>(symbols_[index]), static_cast<std::uint8_t>(length)};
    }
  }
}

int HuffmanCode::decode(std::uint64_t hold, unsigned bits, unsigned& used) const noexcept {
  const Entry entry = fast_[hold & ((1U << kFastBits) - 1)];
  if (entry.length != 0) {
    used = entry.length;
    return entry.length <= bits ? entry.symbol : kNeedMore;
  }
  // Longer codes: count up from the first code of each length. RFC 1951 3.2.2.
  unsigned code = 0, first = 0, index = 0;
  for (unsigned length = 1; length <= kMaxLength; ++length) {
    if (length > bits) return kNeedMore;
    code |= static_cast<unsigned>(hold >> (length - 1) & 1U);
    const unsigned count = count_[length];
    if (code < first + count) {
      used = length;
      return symbols_[index + (code - first)];
    }
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return kInvalid;
}

}  // namespace ws
