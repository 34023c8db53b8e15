// strict_json.h - JSON as case files use it: no key twice, bounded depth and size, the order of keys kept.
#pragma once
#include "runner/catalogue/catalogue.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace touchstone {

using Json = nlohmann::ordered_json;

// Bounds that no honest file comes near; they keep a hostile one from eating memory or time.
constexpr std::size_t kMaxFileOctets = 64 * 1024 * 1024;
constexpr std::size_t kMaxJsonDepth = 32;
constexpr std::size_t kMaxObjectKeys = 256;

// The document, or nothing when it is not JSON at all. Faults go to `faults`; a key that stands twice is
// a fault but does not end the reading, so that everything else in the file is still looked at.
[[nodiscard]] std::optional<Json> parse_strict(std::string_view name, std::string_view text,
                                               std::vector<CaseFileError>& faults);

// One reference token of a JSON pointer, escaped (RFC 6901, 3).
[[nodiscard]] std::string pointer_token(std::string_view key);

}  // namespace touchstone
