// frame_cutter.cc - follows frames without judging them.
#include <ws/io/frame_cutter.h>

#include <algorithm>

namespace ws::io {

std::size_t FrameCutter::next(ByteView in, State state) noexcept {
  if (state == State::connecting) {
    // The first frame starts after the end of a line (RFC 9112 2.1). Cutting at every one finds it.
    const auto line_end = std::ranges::find(in, std::byte{'\n'});
    return std::min(in.size(), static_cast<std::size_t>(line_end - in.begin()) + 1);
  }
  if (state == State::draining || state == State::closed) return in.size();
  std::size_t taken = 0;
  if (payload_left_ == 0) {
    taken = head_.take(in);
    const auto header = head_.header();
    if (!header) return taken;
    head_.clear();
    payload_left_ = header->length;
  }
  const auto payload = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, in.size() - taken));
  payload_left_ -= payload;
  return taken + payload;
}

}  // namespace ws::io
