#include "runner/engine/verdict/mask_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace touchstone {
namespace {

using Weight = Finding::Weight;

// log2 of the chance that something with this probability exponent happens anywhere among `places`.
bool beyond_chance(double log2_of_one, double places) {
  return log2_of_one + std::log2(std::max(places, 1.0)) < std::log2(kErrorRate);
}

std::string shown(std::uint32_t key) { return fmt::format("{:08x}", key); }

// All keys equal: 2^-32 for each key behind the first.
bool constant(std::span<const std::uint32_t> keys) {
  const auto n = static_cast<double>(keys.size());
  return keys.size() > 2 && beyond_chance(-32 * (n - 1), 1) &&
         std::ranges::count(keys, keys.front()) == std::ssize(keys);
}

// A counter, or a generator that adds: the differences are all equal, 2^-32 for each behind the first.
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
std::uint32_t stuck_bits(std::span<const std::uint32_t> keys) {
  if (!beyond_chance(1 - static_cast<double>(keys.size()), 32)) return 0;
  std::uint32_t ones = ~0U, zeros = ~0U;
  for (const std::uint32_t key : keys) {
    ones &= key;
    zeros &= ~key;
  }
  return ones | zeros;
}

// A bit that is set much too often or too seldom. Hoeffding: P(|ones/n - 1/2| >= t) <= 2 exp(-2 n t^2).
int lopsided_bit(std::span<const std::uint32_t> keys) {
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

std::vector<Finding> judge_mask_keys(std::span<const std::uint32_t> keys) {
  std::vector<Finding> findings;
  const auto find = [&](Weight weight, std::string seen) {
    findings.push_back({weight, "rfc6455-5.3-4", "a fresh, unpredictable masking key for each frame", std::move(seen)});
  };
  if (keys.size() < 2) return findings;
  if (constant(keys)) {
    find(Weight::violation, fmt::format("all {} frames are masked with {}", keys.size(), shown(keys.front())));
  } else if (steps_evenly(keys)) {
    find(Weight::violation,
         fmt::format("each of {} keys is the last one plus {}", keys.size(), shown(keys[1] - keys[0])));
  } else if (const std::size_t repeats = repeats_beyond_chance(keys); repeats > 0) {
    find(Weight::weak, fmt::format("{} of {} keys came before (C-17)", repeats, keys.size()));
  } else if (const std::uint32_t stuck = stuck_bits(keys); stuck != 0) {
    find(Weight::weak, fmt::format("{} of the 32 bits never change in {} keys", std::popcount(stuck), keys.size()));
  } else if (const int bit = lopsided_bit(keys); bit >= 0) {
    find(Weight::weak, fmt::format("bit {} of {} keys is far from even", bit, keys.size()));
  }
  return findings;
}

}  // namespace touchstone
