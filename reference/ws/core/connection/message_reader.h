// message_reader.h - puts data frames together to messages: unmasks, inflates, checks UTF-8, counts.
#pragma once
#include <ws/core/connection/event.h>
#include <ws/core/connection/header_reader.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>

namespace ws {

class MessageReader {
 public:
  explicit MessageReader(const Limits& limits) : limits_(limits) {}

  // permessage-deflate is in use: how the peer compresses.
  void use_inflater(Inflater inflater) { inflater_.emplace(std::move(inflater)); }

  // The state of the message that is being read, for the judgment of the next header.
  void describe(HeaderContext& context) const;

  [[nodiscard]] bool in_message() const noexcept { return in_message_; }

  // A broken rule, and how many octets of the piece at hand stood before it. What is wrong inside a
  // compressed message is blamed on the start of its frame's payload, for zlib does not tell more.
  struct Fault {
    Violation violation;
    std::size_t octets;
    bool at_frame_start;
  };

  void begin_frame(const FrameHeader& header);
  // The next piece of the frame's payload, as it came; `position` is that of its first octet in the payload.
  [[nodiscard]] std::optional<Fault> payload(ByteView piece, std::uint64_t position);
  // The frame is complete. With FIN the message is, too: its event.
  [[nodiscard]] std::expected<std::optional<Event>, Fault> end_frame();
  // See Connection::take_piece().
  [[nodiscard]] std::optional<Piece> take_piece();
  // See Connection::kept().
  [[nodiscard]] std::size_t kept() const noexcept {
    return text_.capacity() + binary_.capacity() + unmasked_.capacity();
  }

 private:
  [[nodiscard]] std::optional<Fault> plain(ByteView piece, std::uint64_t position);
  [[nodiscard]] std::optional<Fault> compressed(ByteView piece, std::uint64_t position);
  [[nodiscard]] std::optional<Violation> check_inflated(std::size_t before, std::expected<void, Violation> result);
  [[nodiscard]] Event take_message();
  [[nodiscard]] std::uint64_t room() const noexcept { return limits_.message - taken_; }

  bool in_message_ = false, is_text_ = false, compressed_ = false;
  std::uint32_t fragments_ = 0;
  Limits limits_;
  std::optional<Inflater> inflater_;
  Utf8Validator utf8_;
  FrameHeader frame_;        // the one being read
  std::uint64_t taken_ = 0;  // octets of the message that were given away in pieces
  // The message so far. Text grows as a string and is handed over without a copy, as binary is; what
  // is inflated grows in `binary_`.
  std::string text_;
  Bytes binary_;
  Bytes unmasked_;  // scratch
};

}  // namespace ws
