// mask_keys.h - RFC 6455 5.3: is what a client masks with fresh and unpredictable?
//
// Each test names what a good source does by chance with a probability below kErrorRate, so that a client with
// strong keys is accused wrongly less than once in a million connections.
#pragma once
#include "reports/result/result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace touchstone {

inline constexpr double kErrorRate = 1e-6;

// `keys`: of the frames of one connection, in order.
[[nodiscard]] std::vector<Finding> judge_mask_keys(std::span<const std::uint32_t> keys);

}  // namespace touchstone
