// mask_keys.h - what ws/rules/mask_keys.h says of a client's masking keys, as findings.
#pragma once
#include "reports/result/result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace touchstone {

// `keys`: of the frames of one connection, in order.
[[nodiscard]] std::vector<Finding> judge_mask_keys(std::span<const std::uint32_t> keys);

}  // namespace touchstone
