#include <ws/core/mask.h>
#include <ws/rules/frame_walker.h>

#include <algorithm>

namespace ws::rules {

std::size_t HeaderCollector::missing() const noexcept {
  // The first two octets say how many there are.
  return (have_ < 2 ? 2 : header_size(std::span(octets_).first<2>())) - have_;
}

std::size_t HeaderCollector::take(ByteView in) noexcept {
  std::size_t taken = 0;
  for (std::size_t n = missing(); n > 0 && taken < in.size(); n = missing()) {
    n = std::min(n, in.size() - taken);
    std::ranges::copy(in.subspan(taken, n), octets_.begin() + have_);
    have_ = static_cast<std::uint8_t>(have_ + n);
    taken += n;
  }
  return taken;
}

std::optional<FrameHeader> HeaderCollector::header() const noexcept {
  if (missing() > 0) return std::nullopt;
  return decode_header_lenient(octets());
}

FrameWalker::Step FrameWalker::take(ByteView in) noexcept {
  if (complete()) {
    head_.clear();
    header_.reset();
  }
  Step step;
  if (header() == nullptr) {
    step.taken = head_.take(in);
    header_ = head_.header();
    if (!header_) return step;
    step.begun = true;
    left_ = header()->length;
  }
  step.at = header()->length - left_;
  step.payload = in.subspan(step.taken);
  step.payload = step.payload.first(static_cast<std::size_t>(std::min<std::uint64_t>(step.payload.size(), left_)));
  left_ -= step.payload.size();
  step.taken += step.payload.size();
  return step;
}

FrameWalker::Step ControlWalker::take(ByteView in) {
  const Step step = FrameWalker::take(in);
  if (step.begun) payload_.clear();
  if (header() == nullptr || !is_control(header()->opcode)) return step;
  append(payload_, step.payload);
  if (complete() && header()->mask) apply_mask(payload_, *header()->mask);
  return step;
}

std::optional<FrameInPlace> first_frame(ByteView octets) noexcept {
  if (octets.size() < 2) return std::nullopt;
  const std::size_t size = header_size(octets.first<2>());
  if (octets.size() < size) return std::nullopt;
  FrameInPlace frame;
  frame.head = octets.first(size);
  frame.header = decode_header_lenient(frame.head);
  const ByteView rest = octets.subspan(size);
  frame.payload = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(frame.header.length, rest.size())));
  return frame;
}

unsigned FrameInPlace::length_bits() const noexcept {
  return 8 * static_cast<unsigned>(head.size() - 2 - (header.mask ? sizeof(MaskKey) : 0));
}

Bytes FrameInPlace::unmasked() const {
  Bytes out = to_bytes(payload);
  if (header.mask) apply_mask(out, *header.mask);
  return out;
}

}  // namespace ws::rules
