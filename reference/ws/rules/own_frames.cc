#include <ws/rules/codes.h>
#include <ws/rules/mask_keys.h>
#include <ws/rules/own_frames.h>

#include <algorithm>
#include <utility>

namespace ws::rules {
namespace {

constexpr std::size_t kMostKeys = 10'000;  // a hostile endpoint cannot make the tester remember more

}  // namespace

OwnFrames::Broken OwnFrames::take(const FrameHeader& header) {
  if (header.mask && keys_.size() < kMostKeys) keys_.push_back(as_number(*header.mask));
  Broken broken;
  // RFC 6455 5.5.1: no data frames after a Close; and one Close for each side. Pings and Pongs are not mentioned.
  const bool close = header.opcode == Opcode::close;
  const bool closed = std::exchange(closed_, closed_ || close);
  broken.second_close = closed && close;
  broken.data_after_close = closed && !is_control(header.opcode);
  is_late_pong_ = closed && header.opcode == Opcode::pong;
  broken.empty_compressed = ends_empty_compressed(header);
  return broken;
}

bool OwnFrames::answers_after_failing(ByteView payload, std::span<const std::string> pings_after_fault) const {
  return is_late_pong_ && std::ranges::find(pings_after_fault, as_text(payload)) != pings_after_fault.end();
}

bool OwnFrames::ends_empty_compressed(const FrameHeader& header) {
  if (is_control(header.opcode)) return false;
  if (header.opcode != Opcode::cont) {
    compressed_ = header.rsv1;
    compressed_octets_ = 0;
  }
  compressed_octets_ += header.length;
  return deflate_ && compressed_ && header.fin && compressed_octets_ == 0;
}

Bytes proper_empty_compressed(const FrameHeader& header) {
  Bytes out;
  encode_frame(header, Bytes(1), out);
  return out;
}

bool may_repeat(std::uint16_t code, std::optional<std::uint16_t> ours) noexcept {
  return code == ours && !is_only_local(code);
}

}  // namespace ws::rules
