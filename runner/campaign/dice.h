// dice.h - the chance that stimuli are made with: equal seeds give equal draws on every machine.
#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <ranges>

namespace touchstone::fuzz {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }  // 0 to n-1
  [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {             // both included
    return most <= least ? least : least + below(most - least + 1);
  }
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  // An element of an array, a span or a vector that is not empty.
  template <std::ranges::random_access_range Range>
  [[nodiscard]] const auto& pick(const Range& from) {
    return from[static_cast<std::size_t>(below(std::ranges::size(from)))];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace touchstone::fuzz
