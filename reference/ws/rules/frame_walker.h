// frame_walker.h - where frames begin and end in octets that may break any rule. RFC 6455 5.2.
//
// For who follows, cuts, records, changes or judges frames: every bit pattern has a meaning here. Who obeys the rules
// reads with HeaderReader of the core, which stops at the first octet that breaks one.
#pragma once
#include <ws/core/frame.h>

namespace ws::rules {

// Puts one header together from pieces.
class HeaderCollector {
 public:
  // Takes octets from the front of `in` up to the end of the header. Gives how many. A whole header is left alone.
  std::size_t take(ByteView in) noexcept;

  [[nodiscard]] std::optional<FrameHeader> header() const noexcept;                           // once it is whole
  [[nodiscard]] ByteView octets() const noexcept { return std::span(octets_).first(have_); }  // so far
  void clear() noexcept { have_ = 0; }                                                        // for the next one

 private:
  [[nodiscard]] std::size_t missing() const noexcept;  // octets, as far as is known

  std::array<std::byte, kMaxHeaderSize> octets_{};
  std::uint8_t have_ = 0;
};

// Follows one frame after the other over octets that come in pieces.
class FrameWalker {
 public:
  struct Step {
    std::size_t taken = 0;  // octets of the header, of the payload, or of both
    bool begun = false;     // the header became whole
    ByteView payload{};     // those of the payload, masked as they came
    std::uint64_t at = 0;   // where in the payload they stand: the masking key begins anew every 4
  };
  // Takes octets from the front of `in`, which is not empty, up to the end of the current frame at most.
  Step take(ByteView in) noexcept;

  // The header of the current frame once it is whole, its octets so far, and whether the frame's last octet was taken.
  [[nodiscard]] const FrameHeader* header() const noexcept { return header_ ? &*header_ : nullptr; }
  [[nodiscard]] ByteView head() const noexcept { return head_.octets(); }
  [[nodiscard]] bool complete() const noexcept { return header_ && left_ == 0; }

 private:
  HeaderCollector head_;
  std::optional<FrameHeader> header_;
  std::uint64_t left_ = 0;
};

// The same, and keeps what control frames carry.
class ControlWalker : public FrameWalker {
 public:
  Step take(ByteView in);

  [[nodiscard]] const Bytes& payload() const noexcept { return payload_; }  // of a complete control frame, unmasked

 private:
  Bytes payload_;
};

// A frame where it lies.
struct FrameInPlace {
  FrameHeader header{};
  ByteView head{},
      payload{};  // the payload is masked as it was sent, and shorter than header.length when it is cut off

  [[nodiscard]] std::size_t size() const noexcept { return head.size() + payload.size(); }
  [[nodiscard]] bool cut_off() const noexcept { return payload.size() < header.length; }
  [[nodiscard]] unsigned length_bits() const noexcept;  // of the extended length: 0, 16 or 64
  [[nodiscard]] Bytes unmasked() const;                 // the payload
};
// The frame that begins with the first octet; nothing when not even its header is whole.
[[nodiscard]] std::optional<FrameInPlace> first_frame(ByteView octets) noexcept;

}  // namespace ws::rules
