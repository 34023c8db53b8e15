// message.cc - one content, numbered.
#include "runner/bench/message.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string_view>

namespace touchstone::bench {
namespace {

// Lower-case hexadecimal, the lowest digits of the number: as many octets as fit, up to this.
constexpr std::size_t kStamp = 16;

std::array<std::byte, kStamp> stamp_of(std::uint64_t number) noexcept {
  std::array<std::byte, kStamp> digits{};
  for (std::byte& digit : digits) {  // the lowest first: a short message has the digits that change
    digit = static_cast<std::byte>("0123456789abcdef"[number & 15]);
    number >>= 4;
  }
  return digits;
}

constexpr std::array<std::string_view, 16> kWords = {
    "frame ", "octet ", "message ", "opening ", "closing ", "\"id\":",  "mask, ", "payload ",
    "ping ",  "pong ",  "server ",  "client ",  "text ",    "[1,2,3] ", "key ",   "true; "};

}  // namespace

Message::Message(std::size_t size, bool text) : text_(text) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(size));
  content_.reserve(size + kWords[2].size());
  while (content_.size() < size) {
    const auto drawn = random();
    if (text)
      ws::append(content_, ws::as_octets(kWords[drawn % kWords.size()]));
    else
      content_.push_back(static_cast<std::byte>(drawn & 0xFF));
  }
  content_.resize(size);
}

ws::ByteView Message::numbered(std::uint64_t number) {
  const auto stamp = stamp_of(number);
  std::copy_n(stamp.begin(), std::min(kStamp, content_.size()), content_.begin());
  return content_;
}

std::size_t Message::matching(std::uint64_t number, std::size_t position, ws::ByteView piece) const noexcept {
  const auto stamp = stamp_of(number);
  std::size_t i = 0;
  for (; i < piece.size() && position + i < std::min(kStamp, size()); ++i)
    if (piece[i] != stamp[position + i]) return i;
  const std::size_t comparable = std::min(piece.size(), size() - std::min(size(), position));
  if (i < comparable && std::memcmp(piece.data() + i, content_.data() + position + i, comparable - i) == 0)
    i = comparable;
  while (i < comparable && piece[i] == content_[position + i]) ++i;
  return i;
}

}  // namespace touchstone::bench
