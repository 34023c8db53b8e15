// frame_walker.h - follows frames over octets that may break any rule, for who has to know what lies where.
#pragma once
#include <ws/testing/oracle/describe.h>

namespace ws::testing {

class FrameWalker {
 public:
  // Takes octets from the front of `in`, which is not empty, up to the end of the current frame at most. Gives how
  // many.
  std::size_t take(ByteView in);

  // The header of the current frame, once it is known; the frame, once its last octet was taken. Only control frames
  // have their payload, unmasked.
  [[nodiscard]] const std::optional<FrameHeader>& header() const noexcept { return header_; }
  [[nodiscard]] bool complete() const noexcept { return header_ && left_ == 0; }
  [[nodiscard]] const Bytes& payload() const noexcept { return payload_; }  // of a complete frame
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }   // that were complete before this one

 private:
  Bytes head_;
  std::optional<FrameHeader> header_;
  std::uint64_t left_ = 0, frames_ = 0;
  Bytes payload_;
};

}  // namespace ws::testing
