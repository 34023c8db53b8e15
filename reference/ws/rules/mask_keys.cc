#include <ws/rules/mask_keys.h>
#include <ws/rules/predictable.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace ws::rules {
namespace {

// log2 of the chance that something with this probability exponent happens anywhere among `places`.
bool beyond_chance(double log2_of_one, double places) {
  return log2_of_one + std::log2(std::max(places, 1.0)) < std::log2(kErrorRate);
}

// All keys equal: 2^-32 for each key after the first.
bool constant_keys(std::span<const std::uint32_t> keys) {
  const auto n = static_cast<double>(keys.size());
  return keys.size() > 2 && beyond_chance(-32 * (n - 1), 1) &&
         std::ranges::count(keys, keys.front()) == std::ssize(keys);
}

// A counter, or a generator that adds: the differences are all equal, 2^-32 for each after the first.
bool steps_evenly(std::span<const std::uint32_t> keys) {
  if (keys.size() < 4 || !beyond_chance(-32 * (static_cast<double>(keys.size()) - 2), 1)) return false;
  for (std::size_t i = 2; i < keys.size(); ++i) {
    if (keys[i] - keys[i - 1] != keys[1] - keys[0]) return false;
  }
  return true;
}

// Keys that came before. The expected number of pairs is n(n-1)/2 * 2^-32; r repeats have at most (that number)^r.
std::size_t repeats_beyond_chance(std::span<const std::uint32_t> keys) {
  const std::set<std::uint32_t> different(keys.begin(), keys.end());
  const std::size_t repeats = keys.size() - different.size();
  if (repeats == 0) return 0;
  const auto n = static_cast<double>(keys.size());
  const double log2_pairs = std::log2(n * (n - 1) / 2) - 32;
  return beyond_chance(static_cast<double>(repeats) * log2_pairs, 1) ? repeats : 0;
}

// A bit that never changes: 2^(1-n) for each of the 32.
std::uint32_t unchanging_bits(std::span<const std::uint32_t> keys) {
  if (!beyond_chance(1 - static_cast<double>(keys.size()), 32)) return 0;
  std::uint32_t ones = ~0U, zeros = ~0U;
  for (const std::uint32_t key : keys) {
    ones &= key;
    zeros &= ~key;
  }
  return ones | zeros;
}

// A bit that is set much too often or too seldom. Hoeffding: P(|ones/n - 1/2| >= t) <= 2 exp(-2 n t^2).
int uneven_bit(std::span<const std::uint32_t> keys) {
  const auto n = static_cast<double>(keys.size());
  const double bound = std::sqrt(std::log(2.0 * 32 / kErrorRate) / (2 * n));
  for (int bit = 0; bit < 32; ++bit) {
    const auto ones =
        static_cast<double>(std::ranges::count_if(keys, [bit](std::uint32_t key) { return (key >> bit & 1U) != 0; }));
    if (std::abs(ones / n - 0.5) >= bound) return bit;
  }
  return -1;
}

}  // namespace

std::uint32_t as_number(const MaskKey& key) noexcept {
  std::uint32_t value = 0;
  for (const std::byte octet : key) value = value << 8 | std::to_integer<std::uint32_t>(octet);
  return value;
}

std::optional<MaskKeyFault> mask_key_fault(std::span<const std::uint32_t> keys) {
  using enum MaskKeyFault::Kind;
  if (keys.size() < 2) return std::nullopt;
  const auto fault = [&](MaskKeyFault::Kind kind, std::uint32_t number) {
    return MaskKeyFault{.kind = kind, .keys = keys.size(), .number = number, .how = {}};
  };
  if (constant_keys(keys)) return fault(constant, keys.front());
  if (steps_evenly(keys)) return fault(counting, keys[1] - keys[0]);
  if (auto pattern = pattern_of(keys))
    return MaskKeyFault{.kind = predictable, .keys = keys.size(), .number = 0, .how = std::move(*pattern)};
  if (const std::size_t repeats = repeats_beyond_chance(keys); repeats > 0)
    return fault(repeating, static_cast<std::uint32_t>(repeats));
  if (const std::uint32_t stuck = unchanging_bits(keys); stuck != 0)
    return fault(stuck_bits, static_cast<std::uint32_t>(std::popcount(stuck)));
  if (const int bit = uneven_bit(keys); bit >= 0) return fault(lopsided_bit, static_cast<std::uint32_t>(bit));
  return std::nullopt;
}

FindingKind finding_kind(MaskKeyFault::Kind kind) noexcept {
  switch (kind) {
    case MaskKeyFault::Kind::constant:
      return FindingKind::mask_key_constant;
    case MaskKeyFault::Kind::counting:
      return FindingKind::mask_key_counts;
    case MaskKeyFault::Kind::predictable:
      return FindingKind::mask_key_predictable;
    case MaskKeyFault::Kind::repeating:
      return FindingKind::mask_key_repeats;
    case MaskKeyFault::Kind::stuck_bits:
      return FindingKind::mask_key_bits_stuck;
    case MaskKeyFault::Kind::lopsided_bit:
      return FindingKind::mask_key_biased;
  }
  return FindingKind::mask_key_biased;
}

std::string describe(const MaskKeyFault& fault) {
  const auto hex = [](std::uint32_t key) {
    std::string out;
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[key >> shift & 15];
    return out;
  };
  const std::string keys = std::to_string(fault.keys), number = std::to_string(fault.number);
  switch (fault.kind) {
    case MaskKeyFault::Kind::constant:
      return "all " + keys + " frames are masked with " + hex(fault.number);
    case MaskKeyFault::Kind::counting:
      return "each of " + keys + " keys is the last one plus " + hex(fault.number);
    case MaskKeyFault::Kind::predictable:
      return keys + " keys are those of " + fault.how + ": the first ones say what the next ones are";
    case MaskKeyFault::Kind::repeating:
      return number + " of " + keys + " keys came before (C-17)";
    case MaskKeyFault::Kind::stuck_bits:
      return number + " of the 32 bits never change in " + keys + " keys";
    case MaskKeyFault::Kind::lopsided_bit:
      return "bit " + number + " of " + keys + " keys is far from even";
  }
  return {};
}

}  // namespace ws::rules
