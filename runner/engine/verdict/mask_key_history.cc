#include "runner/engine/verdict/mask_key_history.h"

#include <fmt/format.h>

#include <bit>

namespace touchstone {

using ws::rules::FindingKind;

void MaskKeyHistory::saw(std::uint32_t key) {
  if (keys_.size() >= kMost) return;
  keys_.push_back(key);
  // Two connections may be in each other's way: a few keys in a row are enough.
  if (pattern_ || keys_.size() % kWindow != 0 || keys_.size() > kWindow * kMostWindows) return;
  const auto fault = ws::rules::mask_key_fault(std::span(keys_).last(kWindow));
  if (fault && fault->kind == ws::rules::MaskKeyFault::Kind::predictable) pattern_ = fault->how;
}

std::optional<MaskKeysOfRun> MaskKeyHistory::seldom(FindingKind kind, std::string text) {
  // Keys that come again in the same order are one fault, whatever else is true of them.
  if (kind != FindingKind::mask_key_sequence && times_.contains(FindingKind::mask_key_sequence)) return std::nullopt;
  if (!std::has_single_bit(++times_[kind])) return std::nullopt;
  return MaskKeysOfRun{kind, std::move(text)};
}

std::optional<MaskKeysOfRun> MaskKeyHistory::ended(std::span<const std::uint32_t> keys) {
  if (keys.empty() || connections_ >= kMostConnections) return std::nullopt;
  ++connections_;
  if (keys.size() > 1 && !beginnings_.insert(std::uint64_t{keys[0]} << 32 | keys[1]).second) {
    return seldom(FindingKind::mask_key_sequence,
                  fmt::format("connection {} masks with the keys of an earlier one: {:08x}, then {:08x}", connections_,
                              keys[0], keys[1]));
  }
  const std::size_t before = looked_at_, all = keys_.size();
  looked_at_ = all;
  if (pattern_) {
    if (auto said = seldom(FindingKind::mask_key_predictable,
                           fmt::format("over {} connections: the keys are those of {}", connections_, *pattern_)))
      return said;
  }
  if (all < kLeast || std::bit_floor(before) == std::bit_floor(all)) return std::nullopt;
  const auto fault = ws::rules::mask_key_fault(keys_);
  if (!fault) return std::nullopt;
  return seldom(ws::rules::finding_kind(fault->kind),
                fmt::format("over {} connections: {}", connections_, ws::rules::describe(*fault)));
}

}  // namespace touchstone
