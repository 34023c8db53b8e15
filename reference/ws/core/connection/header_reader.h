// header_reader.h - reads one frame header after the other and judges each octet as soon as it is there.
#pragma once
#include <ws/core/connection/limits.h>
#include <ws/core/frame.h>

#include <array>

namespace ws {

// What a header is judged against besides its own octets.
struct HeaderContext {
  bool masked = false;               // RFC 6455 5.1: must frames be masked?
  bool deflate = false;              // permessage-deflate is in use
  bool in_message = false;           // a fragmented message waits for its continuation
  bool message_compressed = false;   // that message's first frame had RSV1
  std::uint32_t fragments = 0;       // data frames of that message so far
  std::uint64_t message_octets = 0;  // payload octets of that message so far
};

class HeaderReader {
 public:
  // Takes octets from the front of `in` until the header is complete (the header), `in` is used up
  // (nothing), or a rule is broken: then `in` begins with the octet that broke it. Extended lengths
  // are judged when their last octet is there.
  [[nodiscard]] std::expected<std::optional<FrameHeader>, Violation> take(ByteView& in, const HeaderContext& context,
                                                                          const Limits& limits);

  // A whole header at the front of `in` in which nothing is broken, taken from there. Nothing, and nothing changed,
  // when it is cut off or broken, or when take() is in the middle of one.
  [[nodiscard]] std::optional<FrameHeader> take_whole(ByteView& in, const HeaderContext& context,
                                                      const Limits& limits) const;

 private:
  std::size_t count_ = 0;
  std::array<std::byte, kMaxHeaderSize> octets_{};
};

}  // namespace ws
