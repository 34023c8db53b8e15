// Quantiles, against sorted values.
#include "runner/bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace touchstone::bench {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, KnowsNothingAtFirst) {
  const Histogram none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.quantile(0.5), nanoseconds(0));
  EXPECT_EQ(none.max(), nanoseconds(0));
}

// The law: every quantile lies between the sample of that rank and 1/128 above it.
TEST(Histogram, QuantilesAreThoseOfTheSortedSamples) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::int64_t> samples(1 + random() % 3000);
    // Any magnitude is as likely as any other: from nanoseconds to hours.
    for (auto& sample : samples) sample = static_cast<std::int64_t>(random() >> (20 + random() % 44));
    Histogram histogram;
    for (const auto sample : samples) histogram.add(nanoseconds(sample));
    std::ranges::sort(samples);
    ASSERT_EQ(histogram.count(), samples.size());
    ASSERT_EQ(histogram.max().count(), samples.back());
    for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(samples.size())));
      const std::int64_t exact = samples[std::max<std::size_t>(rank, 1) - 1];
      const std::int64_t given = histogram.quantile(share).count();
      EXPECT_GE(given, exact) << share;
      EXPECT_LE(given, exact + exact / 128) << share;
    }
  }
}

TEST(Histogram, StartsAnewAfterClear) {
  Histogram histogram;
  histogram.add(nanoseconds(1'000'000));
  histogram.clear();
  histogram.add(nanoseconds(5));
  histogram.add(nanoseconds(-3));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.quantile(1), nanoseconds(5));
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
  EXPECT_EQ(histogram.mean(), nanoseconds(2));
}

}  // namespace
}  // namespace touchstone::bench
