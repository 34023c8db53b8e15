// Generators as others publish them, against good sources: std::mt19937 and the machine's own.
#include <gtest/gtest.h>
#include <ws/rules/predictable.h>

#include <bit>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <random>
#include <utility>
#include <vector>

namespace ws::rules {
namespace {

using Source = std::function<std::uint32_t()>;

std::vector<std::uint32_t> taken(std::size_t count, const Source& source) {
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(source());
  return numbers;
}

Source of_bytes(const Source& byte) {
  return [byte] {
    std::uint32_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 8 | (byte() & 0xff);
    return number;
  };
}

TEST(Predictable, SaysNothingOfGoodSources) {
  std::mt19937 twister(7);
  std::random_device device;
  for (int round = 0; round < 100; ++round) {
    const std::size_t count = 1 + static_cast<std::size_t>(round) % 80;
    EXPECT_FALSE(pattern_of(taken(count, [&] { return static_cast<std::uint32_t>(twister()); }))) << round;
    EXPECT_FALSE(pattern_of(taken(count, [&] { return device(); }))) << round;
  }
  EXPECT_FALSE(pattern_of(taken(1024, [&] { return device(); })));
}

TEST(Predictable, SaysNothingOfGoodKeysThatLackSomeBits) {
  std::mt19937 twister(7);
  for (const std::uint32_t mask : {0x7fffffffU, 0xffffff00U, 0xffff0000U, 0x0000ffffU, 0x0f0f0f0fU, 0x000000ffU}) {
    for (int round = 0; round < 30; ++round) {
      const std::size_t count = 4 + static_cast<std::size_t>(round) % 70;
      EXPECT_FALSE(pattern_of(taken(count, [&] { return static_cast<std::uint32_t>(twister()) & mask; })))
          << std::hex << mask << " " << round;
    }
  }
}

TEST(Predictable, FindsGeneratorsWhoseWholeStateIsTheNumber) {
  std::mt19937 seeds(3);
  for (int round = 0; round < 50; ++round) {
    std::uint32_t x = static_cast<std::uint32_t>(seeds());
    EXPECT_TRUE(pattern_of(taken(7, [&] { return x = 1664525 * x + 1013904223; }))) << "Numerical Recipes";
    EXPECT_TRUE(pattern_of(taken(7, [&] { return std::byteswap(x = 22695477 * x + 1); }))) << "from the other end";
    std::minstd_rand standard(static_cast<std::uint32_t>(seeds()));
    EXPECT_TRUE(pattern_of(taken(8, [&] { return static_cast<std::uint32_t>(standard()); }))) << "std::minstd_rand";
    std::uint64_t y = seeds() % 4294967291U;
    EXPECT_TRUE(pattern_of(taken(8, [&] {
      return static_cast<std::uint32_t>(y = (1588635695 * y + 12345) % 4294967291U);
    }))) << "a prime modulus";
  }
}

TEST(Predictable, FindsDrand48AndJavaUtilRandom) {
  std::mt19937_64 seeds(3);
  for (int round = 0; round < 200; ++round) {
    std::uint64_t state = seeds() & ((1ULL << 48) - 1);
    const auto next = [&] {
      state = (state * 0x5DEECE66DULL + 11) & ((1ULL << 48) - 1);
      return static_cast<std::uint32_t>(state >> 16);
    };
    EXPECT_TRUE(pattern_of(taken(6, next))) << round;
    const auto every_second = [&] {
      (void)next();
      return next();
    };
    EXPECT_TRUE(pattern_of(taken(6, every_second))) << round;
  }
  srand48(42);
  EXPECT_TRUE(pattern_of(taken(6, [] { return static_cast<std::uint32_t>(mrand48()); }))) << "the C library's own";
}

TEST(Predictable, FindsTheUpperHalfOf64Bits) {
  std::mt19937_64 seeds(3);
  for (const std::uint64_t increment : {1ULL, 1442695040888963407ULL}) {
    for (int round = 0; round < 200; ++round) {
      std::uint64_t state = seeds();
      EXPECT_TRUE(pattern_of(taken(6, [&] {
        state = state * 6364136223846793005ULL + increment;
        return static_cast<std::uint32_t>(state >> 32);
      }))) << round;
      EXPECT_TRUE(pattern_of(taken(6, [&] {
        state = state * 6364136223846793005ULL + increment;
        return static_cast<std::uint32_t>(state >> 33);
      }))) << round;
    }
  }
}

TEST(Predictable, FindsBytesOfRand) {
  std::uint32_t small = 99;
  EXPECT_TRUE(pattern_of(taken(4, of_bytes([&] {
                                 small = small * 214013 + 2531011;
                                 return small >> 16 & 0x7fff;
                               }))));
  std::uint32_t ansi = 99;
  EXPECT_TRUE(pattern_of(taken(4, of_bytes([&] {
                                 ansi = ansi * 1103515245 + 12345;
                                 return ansi >> 16 & 0x7fff;
                               }))));
  srandom(7);
  EXPECT_TRUE(pattern_of(taken(40, [] { return static_cast<std::uint32_t>(random()); })));
  EXPECT_TRUE(pattern_of(taken(16, of_bytes([] { return static_cast<std::uint32_t>(random()); }))));
}

TEST(Predictable, FindsBytesOfRandWhateverIsHiddenOfItsState) {
  std::mt19937 states(5);
  for (const auto& [multiplier, increment] : std::initializer_list<std::pair<std::uint32_t, std::uint32_t>>{
           {214013, 2531011}, {1103515245, 12345}, {22695477, 1}, {1664525, 1013904223}, {69069, 1}}) {
    for (int round = 0; round < 200; ++round) {
      std::uint32_t state = static_cast<std::uint32_t>(states());
      const auto made = taken(4, of_bytes([&, m = multiplier, c = increment] {
                                state = state * m + c;
                                return state >> 16;
                              }));
      EXPECT_TRUE(pattern_of(made)) << multiplier << " " << round;
      std::vector<std::uint32_t> other = made;
      other.back() ^= 1;  // the last byte is another one
      EXPECT_FALSE(pattern_of(other)) << multiplier << " " << round;
    }
  }
}

TEST(Predictable, FindsXorshift) {
  std::uint32_t x = 2463534242U;
  EXPECT_TRUE(pattern_of(taken(128, [&] {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
  })));
}

}  // namespace
}  // namespace ws::rules
