// Every message differs from its neighbours, and a wrong octet is found.
#include "runner/bench/message.h"

#include <gtest/gtest.h>

#include <ws/core/utf8.h>

namespace touchstone::bench {
namespace {

TEST(Message, IsAsLongAsAskedAndTextIsText) {
  for (const std::size_t size : {0u, 1u, 7u, 16u, 17u, 256u, 70'000u}) {
    Message text(size, true), binary(size, false);
    EXPECT_EQ(text.numbered(5).size(), size);
    EXPECT_EQ(binary.numbered(5).size(), size);
    EXPECT_TRUE(ws::is_utf8(text.numbered(5)));
  }
}

TEST(Message, EveryNumberMakesAnotherMessage) {
  Message message(20, true);
  const ws::Bytes first = ws::to_bytes(message.numbered(1)), second = ws::to_bytes(message.numbered(2));
  EXPECT_NE(first, second);
  EXPECT_EQ(message.matching(1, 0, first), 20u);
  EXPECT_EQ(message.matching(2, 0, first), 0u);
}

TEST(Message, EveryChangedOctetIsSeenHoweverTheEchoIsCut) {
  Message message(64, false);
  const ws::Bytes good = ws::to_bytes(message.numbered(77));
  for (std::size_t at = 0; at < good.size(); ++at) {
    ws::Bytes bad = good;
    bad[at] ^= std::byte{1};
    for (std::size_t cut = 0; cut <= good.size(); ++cut) {
      const auto head = ws::ByteView(bad).first(cut), tail = ws::ByteView(bad).subspan(cut);
      EXPECT_EQ(message.matching(77, 0, head), std::min(at, cut));
      if (at >= cut) {
        EXPECT_EQ(message.matching(77, cut, tail), at - cut);
      }
    }
  }
}

TEST(Message, WhatIsTooLongDoesNotMatchBehindTheEnd) {
  Message message(8, true);
  ws::Bytes longer = ws::to_bytes(message.numbered(3));
  longer.push_back(std::byte{'x'});
  EXPECT_EQ(message.matching(3, 0, longer), 8u);
}

}  // namespace
}  // namespace touchstone::bench
