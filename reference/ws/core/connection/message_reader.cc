// message_reader.cc - from the payloads of data frames to messages. RFC 6455 5.4, 5.6, 8.1, RFC 7692 7.2.2.
#include "ws/core/connection/message_reader.h"

#include <ws/core/mask.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace ws {
namespace {

// No more than this is allocated for a length that was only announced.
constexpr std::uint64_t kMaxReserve = 64 * 1024;
// Masked compressed payload is unmasked in pieces of this size, which stay in the cache.
constexpr std::size_t kUnmaskPiece = 16 * 1024;

void unmask(std::span<std::byte> octets, const std::optional<MaskKey>& key, std::uint64_t position) {
  if (key) apply_mask(octets, *key, static_cast<std::size_t>(position % sizeof(MaskKey)));
}

}  // namespace

void MessageReader::describe(HeaderContext& context) const {
  context.deflate = inflater_.has_value();
  context.in_message = in_message_;
  context.message_compressed = compressed_;
  context.fragments = fragments_;
  context.message_octets = taken_ + text_.size() + binary_.size();
}

void MessageReader::begin_frame(const FrameHeader& header) {
  frame_ = header;
  if (header.opcode != Opcode::cont) {
    in_message_ = true;
    is_text_ = header.opcode == Opcode::text;
    compressed_ = header.rsv1;  // RFC 7692 6: the first frame speaks for the message
    fragments_ = 0;
    taken_ = 0;
    utf8_.reset();
    const auto announced = static_cast<std::size_t>(std::min(header.length, kMaxReserve));
    if (!compressed_) is_text_ ? text_.reserve(announced) : binary_.reserve(announced);
  }
  ++fragments_;
}

std::optional<MessageReader::Fault> MessageReader::payload(ByteView piece, std::uint64_t position) {
  return compressed_ ? compressed(piece, position) : plain(piece, position);
}

std::optional<MessageReader::Fault> MessageReader::plain(ByteView piece, std::uint64_t position) {
  if (!is_text_) {
    append(binary_, piece);
    unmask(std::span(binary_).last(piece.size()), frame_.mask, position);
    return std::nullopt;
  }
  text_.append(as_text(piece));
  const auto added = std::as_writable_bytes(std::span(text_)).last(piece.size());
  unmask(added, frame_.mask, position);
  // RFC 6455 8.1, at the first impossible octet.
  const std::size_t valid = utf8_.consume(added);
  if (valid < added.size()) return Fault{Violation::text_not_utf8, valid, false};
  return std::nullopt;
}

std::optional<MessageReader::Fault> MessageReader::compressed(ByteView piece, std::uint64_t position) {
  while (!piece.empty()) {
    ByteView part = piece;
    if (frame_.mask) {
      part = piece.first(std::min(piece.size(), kUnmaskPiece));
      unmasked_.assign(part.begin(), part.end());
      unmask(unmasked_, frame_.mask, position);
    }
    const std::size_t before = binary_.size();
    const auto result = inflater_->inflate(frame_.mask ? ByteView(unmasked_) : part, room(), binary_);
    if (const auto broken = check_inflated(before, result)) return Fault{*broken, 0, true};
    piece = piece.subspan(part.size());
    position += part.size();
  }
  return std::nullopt;
}

// What was inflated is judged before the reason why inflating stopped: that is the order in which the
// octets of the message come, however they were cut.
std::optional<Violation> MessageReader::check_inflated(std::size_t before, std::expected<void, Violation> result) {
  if (is_text_) {
    const auto allowed = static_cast<std::size_t>(std::min<std::uint64_t>(binary_.size(), room()));
    const ByteView added = ByteView(binary_).first(allowed).subspan(before);
    if (utf8_.consume(added) < added.size()) return Violation::text_not_utf8;
  }
  if (!result) return result.error();
  return std::nullopt;
}

std::expected<std::optional<Event>, MessageReader::Fault> MessageReader::end_frame() {
  if (!frame_.fin) return std::optional<Event>{};
  if (compressed_) {
    const std::size_t before = binary_.size();
    const auto result = inflater_->finish(room(), binary_);
    if (const auto broken = check_inflated(before, result)) return std::unexpected(Fault{*broken, 0, true});
  }
  // RFC 6455 8.1: a text does not end inside a code point.
  if (is_text_ && !utf8_.complete()) return std::unexpected(Fault{Violation::text_not_utf8, 0, compressed_});
  return take_message();
}

namespace {

// How many octets at the end of the beginning of a text belong to a character that is not complete: from its first
// octet on, which is the last that does not continue one (RFC 3629 3).
std::size_t begun_character(ByteView text) {
  const auto continues = [](std::byte octet) { return (octet & std::byte{0xC0}) == std::byte{0x80}; };
  const auto first = std::find_if_not(text.rbegin(), text.rend(), continues);
  return static_cast<std::size_t>(first - text.rbegin()) + 1;
}

template <class Octets>
Bytes take_front(Octets& octets, std::size_t count) {
  if constexpr (std::is_same_v<Octets, Bytes>) {
    if (count == octets.size()) return std::exchange(octets, {});
  }
  const auto end = octets.begin() + static_cast<std::ptrdiff_t>(count);
  Bytes front = to_bytes(ByteView(std::as_bytes(std::span(octets))).first(count));
  octets.erase(octets.begin(), end);
  return front;
}

}  // namespace

std::optional<Piece> MessageReader::take_piece() {
  if (!in_message_) return std::nullopt;
  const bool as_string = is_text_ && !compressed_;
  const ByteView octets = as_string ? as_octets(text_) : ByteView(binary_);
  const std::size_t held_back = is_text_ && !utf8_.complete() ? begun_character(octets) : 0;
  const std::size_t count = octets.size() - held_back;
  if (count == 0) return std::nullopt;
  taken_ += count;
  return Piece{is_text_, as_string ? take_front(text_, count) : take_front(binary_, count)};
}

Event MessageReader::take_message() {
  in_message_ = false;
  if (is_text_ && !compressed_) return event::Text{std::exchange(text_, {})};
  if (!is_text_) return event::Binary{std::exchange(binary_, {})};
  event::Text text{to_string(binary_)};
  binary_.clear();
  if (binary_.capacity() > kMaxKept) binary_.shrink_to_fit();
  return text;
}

}  // namespace ws
