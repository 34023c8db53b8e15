// base64.h - what a value in Base64 stands for (RFC 4648 4), for those who judge keys; the strict endpoints need no
// decoder.
#pragma once
#include <string>
#include <string_view>

namespace ws {

// The octets as characters, up to the padding or the first character that is no digit of Base64.
[[nodiscard]] std::string decode_base64(std::string_view text);

}  // namespace ws
