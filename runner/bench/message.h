// message.h - what the load generator sends: one content for all messages, but for a number in front that makes each
// of a connection's messages another one, so that an echo that is lost, doubled or mixed up is seen.
#pragma once
#include <ws/core/bytes.h>

namespace touchstone::bench {

class Message {
 public:
  // `size` octets: words for a text, random octets otherwise; equal for equal sizes.
  Message(std::size_t size, bool text);

  [[nodiscard]] std::size_t size() const noexcept { return content_.size(); }
  [[nodiscard]] bool is_text() const noexcept { return text_; }

  // Message number `number`; valid until the next call.
  [[nodiscard]] ws::ByteView numbered(std::uint64_t number);

  // How many octets of `piece` are those of message `number` from `position` on: piece.size() while all is well.
  [[nodiscard]] std::size_t matching(std::uint64_t number, std::size_t position, ws::ByteView piece) const noexcept;

 private:
  bool text_;
  ws::Bytes content_;
};

}  // namespace touchstone::bench
