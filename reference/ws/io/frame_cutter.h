// frame_cutter.h - cuts received octets where frames end.
//
// How input is cut never changes what ws::Connection makes of it, but it decides when: given one frame at a time,
// the connection lets the application answer a message before it looks at the frame after it, which may be a
// Close, after which nothing can be sent any more.
#pragma once
#include <ws/core/state.h>
#include <ws/rules/frame_walker.h>

namespace ws::io {

class FrameCutter {
 public:
  // How many octets at the front of `in`, which is not empty, to give to a connection in this state now.
  [[nodiscard]] std::size_t next(ByteView in, State state) noexcept;

 private:
  // No FrameWalker, which keeps each header for whoever asks: there is a cutter for every connection.
  rules::HeaderCollector head_;
  std::uint64_t payload_left_ = 0;
};

}  // namespace ws::io
