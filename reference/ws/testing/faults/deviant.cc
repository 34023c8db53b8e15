#include <ws/testing/faults/deviant.h>

#include <algorithm>
#include <array>
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
  if (is(Fault::ends_tcp_first) && peer_closed_) return true;
  if (is(Fault::waits_for_fin) && phase_ != Phase::over) return false;
  // Where the rest of a frame is missing it cannot tell what comes after.
  if (is(Fault::answers_pings_after_failing) && failing_ && !peer_closed_ && left_ == 0) return false;
  return phase_ == Phase::over || (strict_ && strict_->wants_shutdown() && !is(Fault::reads_after_failing));
}

namespace {

MaskKey as_key(std::uint64_t number) {
  return {std::byte(number >> 24 & 0xff), std::byte(number >> 16 & 0xff), std::byte(number >> 8 & 0xff),
          std::byte(number & 0xff)};
}

// Numerical Recipes' generator, one for all connections.
std::uint32_t next_of_process() {
  static std::uint32_t state = 20'080'521;
  return state = state * 1664525 + 1013904223;
}

}  // namespace

std::string Deviant::next_nonce() {
  std::array<std::byte, 16> nonce{};
  for (std::size_t i = 0; i < nonce.size(); i += 4)
    std::ranges::copy(as_key(next_of_process()), nonce.begin() + static_cast<std::ptrdiff_t>(i));
  return encode_nonce(nonce);
}

MaskKey Deviant::next_key() {
  constexpr MaskKey kConstant{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
  if (is(Fault::constant_masking_key)) return kConstant;
  if (is(Fault::counting_masking_key)) {
    return as_key(++keys_);
  }
  if (is(Fault::process_masking_key)) return as_key(next_of_process());
  if (is(Fault::lcg_masking_key)) {
    if (!generator_) {
      generator_ = 0;
      for (const std::byte octet : options_.mask_key())
        *generator_ = *generator_ << 11 ^ std::to_integer<unsigned>(octet);
    }
    *generator_ = (*generator_ * 0x5DEECE66D + 11) & ((std::uint64_t{1} << 48) - 1);
    return as_key(*generator_ >> 16);
  }
  if (is(Fault::seeded_masking_key)) {
    // Good numbers (SplitMix64), and the same ones each time.
    generator_ = generator_.value_or(0) + 0x9e3779b97f4a7c15;
    std::uint64_t mixed = (*generator_ ^ *generator_ >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return as_key(mixed ^ mixed >> 31);
  }
  return options_.mask_key ? options_.mask_key() : kConstant;
}

}  // namespace ws::testing
