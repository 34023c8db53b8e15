// prepared.h - a message that goes to many connections: checked, framed and compressed once.
//
// Servers send the same octets to all of their clients (RFC 6455 5.1: nothing is masked), so that a broadcast costs
// each connection a copy. A client masks each copy with a key of its own (5.3) and saves the compressing only.
#pragma once
#include <ws/core/connection/command.h>
#include <ws/core/frame.h>

#include <expected>

namespace ws {

struct PrepareOptions {
  bool deflate = true;   // also make a compressed form, for the connections that agreed on permessage-deflate
  int level = 1;         // zlib's 0 to 9
  int window_bits = 15;  // 9 to 15
};

class PreparedMessage {
 public:
  // The error is text_not_utf8.
  [[nodiscard]] static std::expected<PreparedMessage, Misuse> text(std::string_view data,
                                                                   const PrepareOptions& options = {});
  [[nodiscard]] static PreparedMessage binary(ByteView data, const PrepareOptions& options = {});

  [[nodiscard]] Opcode opcode() const noexcept { return opcode_; }
  [[nodiscard]] ByteView payload() const noexcept { return ByteView(frame_).subspan(header_); }
  // The whole message in one frame, as a server sends it.
  [[nodiscard]] ByteView frame() const noexcept { return frame_; }

  // The compressed form; empty when there is none, because it was not wanted or is not smaller.
  [[nodiscard]] ByteView deflated_payload() const noexcept { return ByteView(deflated_).subspan(deflated_header_); }
  [[nodiscard]] ByteView deflated_frame() const noexcept { return deflated_; }
  // The window that the reader of the compressed form must have: no distance in it is longer than the message.
  [[nodiscard]] int deflated_window_bits() const noexcept { return deflated_window_bits_; }

 private:
  PreparedMessage(Opcode opcode, ByteView data, const PrepareOptions& options);

  Opcode opcode_;
  std::size_t header_ = 0, deflated_header_ = 0;  // octets of the frames' headers
  int deflated_window_bits_ = 15;
  Bytes frame_, deflated_;
};

}  // namespace ws
