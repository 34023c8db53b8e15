// utf8.h - RFC 3629 as an incremental check that fails at the first impossible octet.
#pragma once
#include <ws/core/bytes.h>

namespace ws {

class Utf8Validator {
 public:
  // Takes the next octets of one text. Returns how many of them may still be part of valid UTF-8:
  // octets.size() while all is well, otherwise the index of the first impossible octet. After a
  // failure the validator stays failed and returns 0 until reset().
  std::size_t consume(ByteView octets) noexcept;

  // True when the text may end here: not failed, and not inside a code point.
  [[nodiscard]] bool complete() const noexcept;
  void reset() noexcept;

 private:
  std::uint8_t state_ = 0;
};

[[nodiscard]] bool is_utf8(ByteView octets) noexcept;

}  // namespace ws
