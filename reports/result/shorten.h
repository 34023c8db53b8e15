// shorten.h - what is kept of the transcript of a case that nobody has to look into.
#pragma once
#include "reports/result/result.h"

#include <cstddef>

namespace touchstone {

// What a quiet result keeps of its octets: the opening handshake, the first frames and how it ended.
struct Kept {
  std::size_t first = 8, last = 5;          // entries
  std::size_t head = 1024;                  // octets of the request, and of the response
  std::size_t payload = 48, payloads = 96;  // octets of one payload, and of all; then `rest` of each further one
  std::size_t rest = 8;
};
inline constexpr Kept kKeptOfQuiet{};

// Whether its transcript is of no use but to look at: nothing was found and one run was enough, or it is hidden by a
// cause that other results show.
[[nodiscard]] bool is_quiet(const Result& result) noexcept;

// Cuts the transcript of a quiet result; an entry says what was left out. Others stay whole.
void shorten(Result& result, const Kept& kept = kKeptOfQuiet);

}  // namespace touchstone
