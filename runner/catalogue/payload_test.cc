#include "runner/catalogue/payload.h"

#include <ws/core/utf8.h>

#include "runner/catalogue/streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <thread>

namespace touchstone {
namespace {

Payload stream(std::string name, std::uint64_t length) { return {recipe::Stream{std::move(name), length}}; }

TEST(Payload, FillRepeatsAndCutsItsPattern) {
  const Payload fill{recipe::Fill{ws::to_bytes("abc"), 8}};
  EXPECT_EQ(length(fill), 8u);
  EXPECT_EQ(ws::to_string(PayloadGenerator(1).make(fill)), "abcabcab");
  EXPECT_TRUE(PayloadGenerator(1).make({recipe::Fill{ws::to_bytes("abc"), 0}}).empty());
  EXPECT_EQ(ws::to_string(PayloadGenerator(1).make({recipe::Fill{ws::to_bytes("abc"), 2}})), "ab");
}

TEST(Payload, FillKeepsItsPhaseOverMegabytes) {
  const auto octets = PayloadGenerator(1).make({recipe::Fill{ws::to_bytes("BAsd7&jh23"), 1'048'577}});
  ASSERT_EQ(octets.size(), 1'048'577u);
  for (std::size_t i = 0; i < octets.size(); ++i) ASSERT_EQ(static_cast<char>(octets[i]), "BAsd7&jh23"[i % 10]) << i;
}

TEST(Payload, CatJoinsItsParts) {
  const Payload cat{recipe::Cat{{{recipe::Literal{ws::to_bytes("a")}}, {recipe::Fill{ws::to_bytes("b"), 2}}}}};
  EXPECT_EQ(length(cat), 3u);
  EXPECT_EQ(ws::to_string(PayloadGenerator(1).make(cat)), "abb");
}

TEST(Payload, StreamGoesOnWhereItStoppedAndRewinds) {
  PayloadGenerator generator(5);
  const auto whole = generator.make(stream("json", 100));
  generator.rewind();
  auto halves = generator.make(stream("json", 40));
  ws::append(halves, generator.make(stream("json", 60)));
  EXPECT_EQ(whole, halves);
  EXPECT_NE(generator.make(stream("json", 100)), whole);
}

TEST(Payload, StreamsOfOneCaseAreIndependent) {
  PayloadGenerator one(5), two(5);
  std::ignore = one.make(stream("html", 1000));
  EXPECT_EQ(one.make(stream("prose", 100)), two.make(stream("prose", 100)));
}

TEST(Payload, StreamRunsOverTheEndOfItsPool) {
  PayloadGenerator generator(5);
  const auto octets = generator.make(stream("noise", PayloadGenerator::kStreamPool + 10));
  ASSERT_EQ(octets.size(), PayloadGenerator::kStreamPool + 10);
  EXPECT_EQ(std::memcmp(octets.data(), octets.data() + PayloadGenerator::kStreamPool, 10), 0);
}

class Streams : public ::testing::TestWithParam<std::string_view> {};

TEST_P(Streams, HaveEqualOctetsForEqualSeeds) {
  const auto name = std::string(GetParam());
  const auto first = *stream_pool(name, 42);
  for (std::uint64_t other = 100; other < 120; ++other) std::ignore = stream_pool("noise", other);  // pushes 42 out
  EXPECT_EQ(*stream_pool(name, 42), first);
  EXPECT_NE(*stream_pool(name, 43), first);
  EXPECT_EQ(first.size(), PayloadGenerator::kStreamPool);
}

TEST_P(Streams, AreTheSameOnEveryMachine) {
  // FNV-1a of the first 64 KiB with seed 1: a change here changes every published run.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const auto octet : ws::ByteView(*stream_pool(GetParam(), 1)).first(65536)) {
    hash = (hash ^ std::to_integer<std::uint64_t>(octet)) * 0x100000001b3ULL;
  }
  const std::map<std::string_view, std::uint64_t> expected = {
      {"json", 1965953830653529561ULL},     {"html", 11131786690455373215ULL},   {"prose", 8718813010850176830ULL},
      {"letters", 10576612889818472553ULL}, {"bitmap", 15984175689418763266ULL}, {"noise", 13372338106545738929ULL}};
  EXPECT_EQ(hash, expected.at(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, Streams, ::testing::ValuesIn(stream_names()),
                         [](const auto& row) { return std::string(row.param); });

TEST(StreamPool, OfTextIsAscii) {
  for (const auto* name : {"json", "html", "prose"}) {
    EXPECT_TRUE(std::ranges::all_of(*stream_pool(name, 7), [](std::byte b) {
      return (b >= std::byte{' '} && b <= std::byte{'~'}) || b == std::byte{'\n'};
    })) << name;
  }
}

TEST(StreamPool, IsSharedBetweenThreads) {
  std::vector<std::shared_ptr<const ws::Bytes>> pools(4);
  {
    std::vector<std::jthread> threads;
    for (auto& pool : pools) threads.emplace_back([&pool] { pool = stream_pool("bitmap", 999); });
  }
  for (const auto& pool : pools) EXPECT_EQ(pool, pools[0]);
}

TEST(Payload, CutsLettersAnywhereIntoText) {
  std::size_t wide = 0;
  for (std::uint64_t length = 0; length < 200; ++length) {
    PayloadGenerator payloads(7);
    for (int piece = 0; piece < 3; ++piece) {
      const ws::Bytes text = payloads.make({recipe::Stream{"letters", length}});
      EXPECT_EQ(text.size(), length);
      EXPECT_TRUE(ws::is_utf8(text)) << length;
      wide += static_cast<std::size_t>(std::ranges::count_if(text, [](std::byte b) { return b >= std::byte{0x80}; }));
    }
  }
  EXPECT_GT(wide, 40'000U);
}

}  // namespace
}  // namespace touchstone
