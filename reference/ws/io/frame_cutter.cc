// frame_cutter.cc - follows frames without judging them.
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
  std::size_t taken = 0;
  while (payload_left_ == 0) {
    const std::size_t wanted = header_have_ < 2 ? 2 : header_size(std::span(header_).first<2>());
    const std::size_t count = std::min(wanted - header_have_, in.size() - taken);
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(taken), count, header_.begin() + header_have_);
    header_have_ += count;
    taken += count;
    if (header_have_ < 2 || header_have_ < header_size(std::span(header_).first<2>())) {
      if (taken == in.size()) return taken;
      continue;  // the first two octets tell that there are more
    }
    payload_left_ = decode_header_lenient(std::span(header_).first(header_have_)).length;
    header_have_ = 0;
    if (payload_left_ == 0) return taken;  // an empty frame ends here
  }
  const auto payload = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, in.size() - taken));
  payload_left_ -= payload;
  return taken + payload;
}

}  // namespace ws::io
