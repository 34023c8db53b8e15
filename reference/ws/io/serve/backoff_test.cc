// The waits grow as they should, within their bounds.
#include <gtest/gtest.h>
#include <ws/io/serve/backoff.h>

#include <vector>

namespace ws::io {
namespace {

using std::chrono::milliseconds;

std::vector<long> waits(BackoffOptions options, double random, int count) {
  Backoff backoff(options, [random] { return random; });
  std::vector<long> all;
  for (int i = 0; i < count; ++i) all.push_back(backoff.next().count());
  return all;
}

TEST(Backoff, TheBoundDoublesUpToTheLongest) {
  const BackoffOptions options{.first = milliseconds(100), .longest = milliseconds(1000), .jitter = 0};
  EXPECT_EQ(waits(options, 0.5, 6), (std::vector<long>{100, 200, 400, 800, 1000, 1000}));
}

TEST(Backoff, JitterIsTheRandomPart) {
  BackoffOptions options{.first = milliseconds(100), .longest = milliseconds(400)};
  EXPECT_EQ(waits(options, 0, 4), (std::vector<long>{0, 0, 0, 0}));
  EXPECT_EQ(waits(options, 0.25, 4), (std::vector<long>{25, 50, 100, 100}));
  options.jitter = 0.5;
  EXPECT_EQ(waits(options, 0, 4), (std::vector<long>{50, 100, 200, 200}));
  EXPECT_EQ(waits(options, 0.5, 4), (std::vector<long>{75, 150, 300, 300}));
}

TEST(Backoff, NeverOverflows) {
  const BackoffOptions options{.longest = milliseconds::max(), .factor = 1e300};
  for (const long wait : waits(options, 0.5, 10)) EXPECT_GE(wait, 0);
}

TEST(Backoff, StartsAgainAfterASuccess) {
  const BackoffOptions options{.first = milliseconds(100), .jitter = 0};
  Backoff backoff(options, [] { return 0.0; });
  EXPECT_EQ(backoff.next().count(), 100);
  EXPECT_EQ(backoff.next().count(), 200);
  backoff.reset();
  EXPECT_EQ(backoff.next().count(), 100);
}

}  // namespace
}  // namespace ws::io
