#include "runner/engine/verdict/nonces.h"

#include <ws/core/http/handshake.h>

#include <gtest/gtest.h>

#include <random>

namespace touchstone {
namespace {

std::string key_of(const std::array<std::byte, 16>& nonce) { return ws::encode_nonce(nonce); }

// What is found within `n` keys that `next` makes.
template <typename Next>
std::optional<NonceFault> found(int n, Next next) {
  Nonces nonces;
  for (int i = 0; i < n; ++i) {
    std::array<std::byte, 16> nonce{};
    next(i, nonce);
    if (auto fault = nonces.add(key_of(nonce))) return fault;
  }
  return std::nullopt;
}

TEST(Nonces, FindsNothingInRandomOnes) {
  std::mt19937_64 random(7);
  EXPECT_FALSE(found(20'000, [&](int, auto& nonce) {
    for (auto& octet : nonce) octet = static_cast<std::byte>(random());
  }));
}

TEST(Nonces, FindsAConstantKeyAtOnce) {
  const auto fault = found(2, [](int, auto&) {});
  ASSERT_TRUE(fault);
  EXPECT_TRUE(fault->beyond_doubt);
}

TEST(Nonces, FindsACounter) {
  const auto fault = found(64, [](int i, auto& nonce) { nonce[15] = static_cast<std::byte>(i); });
  ASSERT_TRUE(fault);
  EXPECT_FALSE(fault->beyond_doubt);
}

TEST(Nonces, FindsAGenerator) {
  std::uint32_t state = 99;
  const auto fault = found(64, [&](int, auto& nonce) {
    for (std::size_t i = 0; i < nonce.size(); i += 4) {
      state = state * 1664525 + 1013904223;
      for (std::size_t j = 0; j < 4; ++j) nonce[i + j] = static_cast<std::byte>(state >> (24 - 8 * j));
    }
  });
  ASSERT_TRUE(fault);
  EXPECT_TRUE(fault->beyond_doubt);
}

TEST(Nonces, FindsLettersInPlaceOfOctets) {
  std::mt19937_64 random(7);
  const auto fault = found(64, [&](int, auto& nonce) {
    for (auto& octet : nonce) octet = static_cast<std::byte>('a' + random() % 26);
  });
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->text, "bit 0 of the nonce is set in 0 of 64 keys");
}

}  // namespace
}  // namespace touchstone
