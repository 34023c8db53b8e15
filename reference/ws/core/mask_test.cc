// Masking, against the definition octet by octet. RFC 6455 5.3.
#include <ws/core/mask.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

TEST(Mask, MatchesTheExampleOfTheRfc) {
  Bytes payload = to_bytes("Hello");
  apply_mask(payload, test::kMaskKey);
  EXPECT_EQ(payload, test::hex("7f 9f 4d 51 58"));  // RFC 6455 5.7
}

TEST(Mask, FollowsTheDefinitionAtEveryLengthPhaseAndAlignment) {
  for (std::size_t size = 0; size < 70; ++size)
    for (std::size_t phase = 0; phase < 9; ++phase)
      for (std::size_t shift = 0; shift < 8; ++shift) {
        Bytes room(shift + size + 1);
        for (std::size_t i = 0; i < room.size(); ++i) room[i] = static_cast<std::byte>(i * 7);
        const Bytes before = room;
        apply_mask(std::span(room).subspan(shift, size), test::kMaskKey, phase);
        for (std::size_t i = 0; i < room.size(); ++i) {
          const bool inside = i >= shift && i < shift + size;
          const std::byte key = inside ? test::kMaskKey[(i - shift + phase) % 4] : std::byte{0};
          ASSERT_EQ(room[i], before[i] ^ key);
        }
      }
}

}  // namespace
}  // namespace ws
