// mask_keys.h - RFC 6455 5.3: is what a client masks with fresh and unpredictable?
//
// Each test names what a good source does by chance with a probability below kErrorRate, so that a client with
// strong keys is accused wrongly less than once in a million connections.
#pragma once
#include <ws/core/bytes.h>
#include <ws/rules/finding.h>

#include <optional>
#include <span>
#include <string>

namespace ws::rules {

inline constexpr double kErrorRate = 1e-6;

// A masking key as it stands on the wire, read in network byte order.
[[nodiscard]] std::uint32_t as_number(const MaskKey& key) noexcept;

struct MaskKeyFault {
  enum class Kind : std::uint8_t {
    constant,      // `number`: the key of every frame
    counting,      // `number`: what each is above the one before it
    predictable,   // `how`: what makes them, and so the next one
    repeating,     // `number`: of how many it is true that they came before (C-17)
    stuck_bits,    // `number`: how many of the 32 never change
    lopsided_bit,  // `number`: the bit that is set much too often or too seldom
  };
  Kind kind = Kind::constant;
  std::size_t keys = 0;  // that were looked at
  std::uint32_t number = 0;
  std::string how{};
  bool operator==(const MaskKeyFault&) const = default;
};

// `keys`: of the frames of one connection, or of all that a client made, in order.
[[nodiscard]] std::optional<MaskKeyFault> mask_key_fault(std::span<const std::uint32_t> keys);

[[nodiscard]] FindingKind finding_kind(MaskKeyFault::Kind kind) noexcept;
[[nodiscard]] std::string describe(const MaskKeyFault& fault);  // "all 3 frames are masked with 12345678"

}  // namespace ws::rules
