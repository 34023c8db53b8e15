// describe.h - what went over the wire, in words for messages to people.
#pragma once
#include <ws/core/close.h>
#include <ws/core/frame.h>

namespace ws::testing {

// A frame as it was on the wire; its payload is unmasked.
struct Frame {
  FrameHeader header{};
  Bytes payload{};
};

// A whole message.
struct Message {
  Opcode opcode = Opcode::text;  // or binary
  Bytes data{};
  bool operator==(const Message&) const = default;
};

[[nodiscard]] std::string describe(ByteView payload);                          // "hello", or 0x810548; cut when long
[[nodiscard]] std::string describe(const std::optional<CloseReason>& reason);  // Close 1002 "reserved-bit"
[[nodiscard]] std::string describe(const Message& message);                    // text "hello"
[[nodiscard]] std::string describe(const Frame& frame);  // Ping "a" | a text frame with RSV2 "a", not final

}  // namespace ws::testing
