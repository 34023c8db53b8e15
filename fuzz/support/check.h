// check.h - what the fuzz targets share: the octets as the core sees them, and a check that no build removes.
#pragma once
#include <ws/core/bytes.h>

#include <cstdio>
#include <cstdlib>

namespace fuzz {

// Aborts, so that the fuzzer keeps the input, when the promise in the first line of a target is broken.
inline void check(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

inline ws::ByteView octets(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

inline std::string_view text(const std::uint8_t* data, std::size_t size) { return ws::as_text(octets(data, size)); }

// Takes the choices of a target off the front of its input; zeros when there is nothing left.
class Choices {
 public:
  explicit Choices(ws::ByteView input) : rest_(input) {}
  std::uint8_t octet() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  [[nodiscard]] ws::ByteView rest() const { return rest_; }

 private:
  ws::ByteView rest_;
};

}  // namespace fuzz
