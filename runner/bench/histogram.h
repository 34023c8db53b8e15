// histogram.h - how often which duration was seen, in a fixed amount of memory: exact below 256 ns, above that within
// 1/128 of the value. Each power of two is cut into 128 equal parts.
#pragma once
#include <chrono>
#include <cstdint>
#include <vector>

namespace touchstone::bench {

class Histogram {
 public:
  // Negative durations count as zero.
  void add(std::chrono::nanoseconds value);
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // The smallest recorded bound that at least `share` (0 to 1) of the values do not exceed; 0 when there are none.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept;
  [[nodiscard]] std::chrono::nanoseconds max() const noexcept { return std::chrono::nanoseconds(max_); }
  [[nodiscard]] std::chrono::nanoseconds mean() const noexcept;

 private:
  std::vector<std::uint64_t> counts_;  // grows to what was seen
  std::uint64_t count_ = 0, max_ = 0;
  double sum_ = 0;
};

}  // namespace touchstone::bench
