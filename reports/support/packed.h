// packed.h - much text for a page that reads it only when somebody asks.
#pragma once
#include <string>
#include <string_view>

namespace touchstone {

// `text` as gzip (RFC 1952) in Base64 (RFC 4648 4), so that it may stand in HTML. Equal texts give equal results.
// Throws std::bad_alloc.
[[nodiscard]] std::string packed(std::string_view text);

}  // namespace touchstone
