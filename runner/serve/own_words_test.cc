#include "runner/serve/own_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace touchstone::serve {
namespace {

// One connection: what the tester sent, and what came.
Observation connection(const std::vector<std::string>& sent, const std::vector<std::string>& came) {
  Observation o;
  for (const std::string& text : sent)
    o.sent_messages.push_back(
        {ws::Opcode::text, text.size(), std::make_shared<const ws::Bytes>(ws::to_bytes(text)), false});
  for (std::size_t i = 0; i < came.size(); ++i) {
    const bool as_sent = i < sent.size() && sent[i] == came[i];
    o.messages.push_back({ws::Opcode::text, came[i].size(), as_sent, as_sent ? ws::Bytes{} : ws::to_bytes(came[i])});
    o.seen.push_back({.kind = Seen::Kind::message, .message = i, .payload = {}});
  }
  return o;
}

Case in_folder(const std::string& folder) {
  Case c;
  c.id = folder + "/case";
  return c;
}

TEST(OwnWords, AreWhatStandsBesideTheEchoes) {
  EXPECT_EQ(OwnWords::in(connection({"a", "b"}, {"hello 7", "a", "b"})), 1U);
  EXPECT_EQ(OwnWords::in(connection({"a", "b"}, {"a", "hello 8", "b"})), 1U);
  EXPECT_EQ(OwnWords::in(connection({"a"}, {"one", "two", "a"})), 2U);
  EXPECT_EQ(OwnWords::in(connection({"a", "b"}, {"a", "b"})), 0U);
}

// Faults that send more than they should.
TEST(OwnWords, AreNoEchoesInAWrongPlace) {
  EXPECT_EQ(OwnWords::in(connection({"a"}, {"a", "a"})), 0U) << "twice";
  EXPECT_EQ(OwnWords::in(connection({"a", "b"}, {"b", "a"})), 0U) << "in another order";
  EXPECT_EQ(OwnWords::in(connection({"a"}, {"A"})), 0U) << "changed";
  EXPECT_EQ(OwnWords::in(connection({"one message", "a"}, {"one me", "one message", "a"})), 0U) << "a part of it too";
}

TEST(OwnWords, AreKnownWhenTheyComeOnEveryConnection) {
  OwnWords words;
  for (std::size_t i = 0; i < OwnWords::kEnough; ++i) {
    EXPECT_EQ(words.known(), 0U);
    words.see(in_folder("framing"), connection({"a"}, {"hello " + std::to_string(i), "a"}));
  }
  EXPECT_EQ(words.known(), 1U);
  words.see(in_folder("framing"), connection({"a"}, {"a"}));
  EXPECT_EQ(words.known(), 0U) << "not on every connection";
}

TEST(OwnWords, MayComeNowAndThenInCasesOfAnyKind) {
  const std::vector<std::string> folders{"framing", "pings", "utf8", "close", "states"};
  OwnWords words, of_one_folder, empty;
  for (const std::string& folder : folders) {
    EXPECT_FALSE(words.come_now_and_then());
    for (int i = 0; i < 3; ++i) words.see(in_folder(folder), connection({"a"}, {"a"}));
    words.see(in_folder(folder), connection({"a"}, {"a", "news"}));
    for (int i = 0; i < 3; ++i) of_one_folder.see(in_folder("framing"), connection({"a"}, {"a"}));
    of_one_folder.see(in_folder("framing"), connection({"a"}, {"a", "news"}));
    empty.see(in_folder(folder), connection({"a"}, {"", "a"}));
  }
  EXPECT_TRUE(words.come_now_and_then());
  EXPECT_EQ(words.known(), 0U);
  EXPECT_FALSE(of_one_folder.come_now_and_then()) << "what is in these cases may be the cause";
  EXPECT_EQ(empty.known(), 0U) << "nothing is in it that is its own";
}

// A client that says again what it heard elsewhere.
TEST(OwnWords, AreNoneOfAnotherConnection) {
  OwnWords words;
  words.see(in_folder("framing"), connection({"Hello, world!"}, {"Hello, world!"}));
  for (int i = 0; i < 10; ++i) words.see(in_folder("utf8"), connection({"a"}, {"Hello, world!", "a"}));
  EXPECT_EQ(words.known(), 0U);
}

TEST(OwnWords, LeaveTheRestAsItWas) {
  Observation o = connection({"a", "b"}, {"hello", "a", "x"});
  o.sent_pings.push_back({.payload = "p", .mark = {}, .seen_before = 2});
  OwnWords::leave_out(o, 1);
  ASSERT_EQ(o.messages.size(), 2U);
  EXPECT_TRUE(o.messages[0].as_sent);
  EXPECT_FALSE(o.messages[1].as_sent) << "a changed echo stays";
  EXPECT_EQ(ws::to_string(o.messages[1].octets), "x");
  ASSERT_EQ(o.seen.size(), 2U);
  EXPECT_EQ(o.seen[1].message, 1U);
  EXPECT_EQ(o.sent_pings[0].seen_before, 1U);
}

}  // namespace
}  // namespace touchstone::serve
