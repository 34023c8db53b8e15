// random.h - unpredictable octets (OpenSSL's generator), bought in bulk because each call has a price.
#pragma once
#include <ws/core/bytes.h>

#include <span>
#include <string>

namespace ws::io {

// Throws std::runtime_error when the generator fails: a connection must not go on with guessable keys.
void fill_random(std::span<std::byte> into);

[[nodiscard]] MaskKey random_mask_key();   // RFC 6455 5.3: from a strong source of entropy
[[nodiscard]] std::string random_nonce();  // RFC 6455 4.1: a Sec-WebSocket-Key

}  // namespace ws::io
