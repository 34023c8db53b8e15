#include "runner/engine/verdict/mask_keys.h"

#include <ws/rules/mask_keys.h>

namespace touchstone {

std::vector<Finding> judge_mask_keys(std::span<const std::uint32_t> keys) {
  const auto fault = ws::rules::mask_key_fault(keys);
  if (!fault) return {};
  const auto weight = ws::rules::is_certain(fault->kind) ? Finding::Weight::violation : Finding::Weight::weak;
  return {{weight, std::string(ws::rules::kFreshMaskKeys), "a fresh, unpredictable masking key for each frame",
           ws::rules::describe(*fault)}};
}

}  // namespace touchstone
