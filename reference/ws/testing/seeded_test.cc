#include <gtest/gtest.h>
#include <ws/core/http/handshake.h>
#include <ws/core/connection/connection.h>
#include <ws/testing/seeded.h>

#include <set>

namespace ws::testing {
namespace {

// What a client with this seed sends: its request, and a message.
std::string sent(std::uint64_t seed) {
  Options options;
  make_deterministic(options, seed);
  Connection client(options);
  (void)client.submit(command::Connect{.host = "a.test", .target = "/"});
  std::string out = to_string(client.output());
  Connection open = Connection::opened(options, std::nullopt);
  (void)open.submit(command::Text{"hello"});
  return out + to_string(open.output());
}

TEST(Seeded, SameSeedSameOctets) {
  EXPECT_EQ(sent(1), sent(1));
  EXPECT_NE(sent(1), sent(2));
}

// RFC 6455 4.1, 5.3: whatever the seed, nonces are Base64 of 16 octets and keys differ.
TEST(Seeded, GivesValidNoncesAndFreshKeys) {
  Seeded random(0);
  std::set<MaskKey> keys;
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) {
    keys.insert(random.mask_key());
    nonces.insert(random.nonce());
    EXPECT_TRUE(is_valid_key(*nonces.rbegin()));
  }
  EXPECT_EQ(keys.size(), 100U);
  EXPECT_EQ(nonces.size(), 100U);
}

// The C++ standard gives the 10000th value of a default-seeded mt19937_64 ([rand.predef]), so the octets of a seed
// are the same everywhere.
TEST(Seeded, FollowsTheStandardsSequence) {
  Seeded random(std::mt19937_64::default_seed);
  const Bytes octets = random.octets(10000);
  EXPECT_EQ(std::to_integer<unsigned>(octets.back()), 9981545732273789042ULL & 0xFF);
}

}  // namespace
}  // namespace ws::testing
