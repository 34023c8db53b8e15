#include <ws/testing/oracle/describe.h>

#include <algorithm>

namespace ws::testing {
namespace {

constexpr std::size_t kShown = 40;  // octets

std::string hex(ByteView octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "0x";
  for (const std::byte octet : octets) {
    out += kDigits[std::to_integer<unsigned>(octet) >> 4];
    out += kDigits[std::to_integer<unsigned>(octet) & 15];
  }
  return out;
}

// The plain name of a frame that stands for itself, or the name of its opcode.
std::string kind(const FrameHeader& header) {
  switch (header.opcode) {
    case Opcode::ping:
      return "Ping";
    case Opcode::pong:
      return "Pong";
    case Opcode::close:
      return "Close";
    default:
      return "a " + std::string(name(header.opcode)) + " frame";
  }
}

}  // namespace

std::string describe(ByteView payload) {
  const ByteView shown = payload.first(std::min(payload.size(), kShown));
  const bool printable = std::ranges::all_of(
      shown, [](std::byte b) { return b >= std::byte{0x20} && b < std::byte{0x7F} && b != std::byte{'"'}; });
  std::string out = printable ? std::string("\"").append(as_text(shown)).append("\"") : hex(shown);
  if (payload.size() > kShown) out += "... (" + std::to_string(payload.size()) + " octets)";
  return out;
}

std::string describe(const std::optional<CloseReason>& reason) {
  if (!reason) return "Close without a code";
  std::string out = "Close " + std::to_string(reason->code);
  return reason->text.empty() ? out : out + " " + describe(as_octets(reason->text));
}

std::string describe(const Message& message) {
  return std::string(name(message.opcode)) + " " + describe(ByteView(message.data));
}

std::string describe(const Frame& frame) {
  std::string out = kind(frame.header);
  const auto& [fin, rsv1, rsv2, rsv3, opcode, mask, length] = frame.header;
  for (const auto& [set, bit] : {std::pair(rsv1, " RSV1"), std::pair(rsv2, " RSV2"), std::pair(rsv3, " RSV3")})
    if (set) out.append(out.contains(" with RSV") ? "" : " with").append(bit);
  const auto reason = opcode == Opcode::close ? decode_close(frame.payload) : std::optional<CloseReason>{};
  if (opcode == Opcode::close && reason) {
    out.replace(0, std::string_view("Close").size(), describe(*reason));
  } else if (!frame.payload.empty() || !is_control(opcode)) {
    out += " " + describe(frame.payload);
  }
  return fin ? out : out + ", not final";
}

}  // namespace ws::testing
