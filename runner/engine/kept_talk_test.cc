#include "runner/engine/kept_talk.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

Transcript transcript_of(std::size_t frames, std::size_t octets) {
  Transcript transcript;
  for (std::size_t i = 0; i < frames; ++i) {
    Entry entry;
    entry.kind = Entry::Kind::frame;
    entry.direction = Entry::Direction::received;
    entry.length = octets;
    entry.octets = std::string(octets, 'x');
    entry.at_us = static_cast<std::int64_t>(i);
    if (i > 0) entry.same_as = i - 1;
    transcript.entries.push_back(std::move(entry));
  }
  return transcript;
}

std::size_t size_of(const Transcript& transcript) {
  std::size_t sum = 0;
  for (const Entry& entry : transcript.entries) sum += sizeof(Entry) + entry.octets.size();
  return sum;
}

TEST(KeptTalk, LeavesAnOrdinaryTranscriptAsItIs) {
  KeptTalk kept;
  Transcript transcript = transcript_of(50, 100);
  kept.keep(transcript, /*flood=*/false);
  EXPECT_EQ(transcript.entries.size(), 50u);
  EXPECT_EQ(size_of(transcript), size_of(transcript_of(50, 100)));
  EXPECT_FALSE(transcript.cut);
}

TEST(KeptTalk, ShowsTheBeginningAndTheEndOfAFlood) {
  KeptTalk kept;
  Transcript transcript = transcript_of(2000, 1000);
  kept.keep(transcript, /*flood=*/true);
  EXPECT_TRUE(transcript.cut);
  EXPECT_LE(size_of(transcript), 70'000u);
  EXPECT_EQ(transcript.entries.front().at_us, 0);
  EXPECT_EQ(transcript.entries.back().at_us, 1999);
  for (std::size_t i = 0; i < transcript.entries.size(); ++i) {
    EXPECT_LT(transcript.entries[i].same_as.value_or(0), i + 1) << "of what was left out";
  }
}

// However many there are, and however long each is.
TEST(KeptTalk, IsBoundedOverARun) {
  for (const bool whole : {false, true}) {
    KeptTalk kept;
    std::size_t sum = 0;
    for (int i = 0; i < 1500; ++i) {
      Transcript transcript = transcript_of(2000, 4000);
      transcript.whole = whole;
      kept.keep(transcript, /*flood=*/false);
      sum += size_of(transcript);
    }
    EXPECT_LE(sum, KeptTalk::kOfARun * 3 / 2);
  }
}

}  // namespace
}  // namespace touchstone
