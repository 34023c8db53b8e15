#include <ws/testing/faults/deviant.h>

#include <utility>

namespace ws::testing {

Deviant::Deviant(DeviantOptions options) : options_(std::move(options)) {
  if (options_.role == Role::client) ask();
}

void Deviant::receive(ByteView octets) {
  if (phase_ == Phase::opening) {
    take_head(octets);
  } else {
    take_frames(octets);
  }
}

bool Deviant::wants_shutdown() const noexcept {
  if (!out_.empty()) return false;
  if (keeps_tcp()) return false;
  return phase_ == Phase::over || (strict_ && strict_->wants_shutdown() && !is(Fault::reads_after_failing));
}

MaskKey Deviant::next_key() {
  constexpr MaskKey kConstant{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
  if (is(Fault::constant_masking_key)) return kConstant;
  if (is(Fault::counting_masking_key)) {
    ++keys_;
    return {std::byte(keys_ >> 24 & 0xff), std::byte(keys_ >> 16 & 0xff), std::byte(keys_ >> 8 & 0xff),
            std::byte(keys_ & 0xff)};
  }
  return options_.mask_key ? options_.mask_key() : kConstant;
}

}  // namespace ws::testing
