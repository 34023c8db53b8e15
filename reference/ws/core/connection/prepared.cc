// prepared.cc - framing and compressing a message once for all who get it.
#include <ws/core/connection/prepared.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <bit>

namespace ws {

PreparedMessage::PreparedMessage(Opcode opcode, ByteView data, const PrepareOptions& options) : opcode_(opcode) {
  encode_frame({.opcode = opcode}, data, frame_);
  header_ = frame_.size() - data.size();
  if (!options.deflate) return;
  Bytes compressed;
  Deflater(options.window_bits, true, options.level).compress(data, true, compressed);
  if (compressed.size() >= data.size()) return;
  encode_frame({.rsv1 = true, .opcode = opcode}, compressed, deflated_);  // RFC 7692 6.1
  deflated_header_ = deflated_.size() - compressed.size();
  deflated_window_bits_ = std::clamp(static_cast<int>(std::bit_width(data.size() - 1)), 8, options.window_bits);
}

std::expected<PreparedMessage, Misuse> PreparedMessage::text(std::string_view data, const PrepareOptions& options) {
  if (!is_utf8(as_octets(data))) return std::unexpected(Misuse::text_not_utf8);  // RFC 6455 5.6
  return PreparedMessage(Opcode::text, as_octets(data), options);
}

PreparedMessage PreparedMessage::binary(ByteView data, const PrepareOptions& options) {
  return {Opcode::binary, data, options};
}

}  // namespace ws
