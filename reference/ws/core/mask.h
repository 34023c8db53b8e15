// mask.h - RFC 6455 5.3: client-to-server masking.
#pragma once
#include <ws/core/bytes.h>

namespace ws {

// XORs `payload` with `key` in place. `phase` is the position of payload[0] in its frame, so that a
// payload may be masked in pieces.
void apply_mask(std::span<std::byte> payload, MaskKey key, std::size_t phase = 0) noexcept;

}  // namespace ws
