// histogram.cc - counts in parts of each power of two.
#include "runner/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace touchstone::bench {
namespace {

constexpr unsigned kBits = 7;
constexpr std::uint64_t kExact = std::uint64_t{1} << (kBits + 1);

// Parts are numbered through: the values below kExact by themselves, then 2^kBits parts for each power of two.
constexpr std::size_t part_of(std::uint64_t value) {
  if (value < kExact) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - (kBits + 1);
  return (std::size_t{shift} << kBits) + (value >> shift);
}

// The largest value of a part.
constexpr std::uint64_t bound_of(std::size_t part) {
  if (part < kExact) return part;
  const auto shift = static_cast<unsigned>(part >> kBits) - 1;
  const std::uint64_t mantissa = part - (std::size_t{shift} << kBits);
  return ((mantissa + 1) << shift) - 1;
}

static_assert(part_of(kExact - 1) + 1 == part_of(kExact));
static_assert(bound_of(part_of(1'000'000)) >= 1'000'000 && bound_of(part_of(1'000'000) - 1) < 1'000'000);

}  // namespace

void Histogram::add(std::chrono::nanoseconds value) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  const std::size_t part = part_of(nanoseconds);
  if (part >= counts_.size()) counts_.resize(part + 1);
  ++counts_[part];
  ++count_;
  max_ = std::max(max_, nanoseconds);
  sum_ += static_cast<double>(nanoseconds);
}

void Histogram::clear() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = max_ = 0;
  sum_ = 0;
}

std::chrono::nanoseconds Histogram::quantile(double share) const noexcept {
  if (count_ == 0) return {};
  const auto wanted =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  std::uint64_t seen = 0;
  std::size_t part = 0;
  while ((seen += counts_[part]) < wanted) ++part;
  return std::chrono::nanoseconds(std::min(bound_of(part), max_));
}

std::chrono::nanoseconds Histogram::mean() const noexcept {
  if (count_ == 0) return {};
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum_ / static_cast<double>(count_)));
}

}  // namespace touchstone::bench
