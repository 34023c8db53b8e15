#include <ws/core/mask.h>
#include <ws/testing/oracle/frame_walker.h>

#include <algorithm>

namespace ws::testing {

std::size_t FrameWalker::take(ByteView in) {
  if (complete()) {
    header_.reset();
    head_.clear();
    payload_.clear();
    ++frames_;
  }
  std::size_t taken = 0;
  while (!header_ && taken < in.size()) {
    head_.push_back(in[taken++]);
    if (head_.size() < 2 || head_.size() < header_size(std::span<const std::byte, 2>(head_.data(), 2))) continue;
    header_ = decode_header_lenient(head_);
    left_ = header_->length;
  }
  if (!header_) return taken;
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(in.size() - taken, left_));
  if (is_control(header_->opcode)) append(payload_, in.subspan(taken, n));
  left_ -= n;
  if (left_ == 0 && header_->mask) apply_mask(payload_, *header_->mask);
  return taken + n;
}

}  // namespace ws::testing
