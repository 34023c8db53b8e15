// Random octets fill all of their place, and differ.
#include <gtest/gtest.h>
#include <ws/io/net/random.h>

#include <set>

namespace ws::io {
namespace {

TEST(Random, KeysAndNoncesDoNotRepeat) {
  std::set<MaskKey> keys;
  std::set<std::string> nonces;
  for (int i = 0; i < 2000; ++i) {  // more than one pool
    keys.insert(random_mask_key());
    nonces.insert(random_nonce());
  }
  EXPECT_EQ(nonces.size(), 2000u);
  EXPECT_GE(keys.size(), 1990u);           // of 2^32: two equal ones in 2000 happen once in 2000 runs
  EXPECT_EQ(nonces.begin()->size(), 24u);  // RFC 6455 4.1: 16 octets in base64
}

TEST(Random, FillsLongSpans) {
  std::array<std::byte, 10'000> octets{};
  fill_random(octets);
  EXPECT_NE(std::count(octets.begin(), octets.end(), std::byte{0}), 10'000);
}

}  // namespace
}  // namespace ws::io
