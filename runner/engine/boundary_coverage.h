// boundary_coverage.h - which sizes next to the powers of two cases have, computed from what they send.
//
// Implementations have buffers for frames, messages, fragments, inflated data, heads; what goes wrong at the end of one
// is seen only by who sends that size. In question are 2^4 to 2^17, each with -1, 0 and +1.
#pragma once
#include "runner/catalogue/case.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace touchstone {

inline constexpr unsigned kLeastPower = 4, kMostPower = 17;

struct BoundaryRow {
  std::string_view dimension, property;  // "offset of the fault", "compressed"
  std::vector<std::uint64_t> missing;    // sizes that no case has
  std::size_t covered = 0, all = 0;
};

struct BoundaryCoverage {
  std::vector<BoundaryRow> rows;
  [[nodiscard]] std::size_t all() const;
  [[nodiscard]] std::size_t covered() const;
};

// For an endpoint of this side.
[[nodiscard]] BoundaryCoverage boundary_coverage(std::span<const Case> cases, Side side);

}  // namespace touchstone
