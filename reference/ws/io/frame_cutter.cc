#include <ws/io/frame_cutter.h>

#include <algorithm>

namespace ws::io {

std::size_t FrameCutter::next(ByteView in, State state) noexcept {
  if (state == State::connecting) {
    // The first frame starts behind the end of a line (RFC 9112 2.1). Cutting at every one finds it.
    const auto line_end = std::ranges::find(in, std::byte{'\n'});
    return std::min(in.size(), static_cast<std::size_t>(line_end - in.begin()) + 1);
  }
  if (state == State::draining || state == State::closed) return in.size();
  return walker_.take(in).taken;
}

}  // namespace ws::io
