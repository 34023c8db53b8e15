#include "runner/campaign/http2_rules.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/generator.h"
#include "runner/campaign/http2_scripts.h"
#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <map>

namespace touchstone::fuzz {
namespace {

// The catalogue's cases were written by hand, each with its clause: the rules say the same, or leave open.
TEST(Http2Rules, SayWhatTheCatalogueSays) {
  std::map<Http2Script::Outcome, int> settled;
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.http2 || c.sides.front() != Side::server || c.http2->outcome == Http2Script::Outcome::either) continue;
    if (c.http2->frames.size() > 1) continue;  // a sequence that is one fault together
    if (c.http2->outcome == Http2Script::Outcome::keeps_connection && c.http2->frames.empty())
      continue;  // by its steps
    Case stimulus = expected(c, 1);
    if (stimulus.http2->frames.size() != c.http2->frames.size()) continue;
    EXPECT_EQ(static_cast<int>(stimulus.http2->outcome), static_cast<int>(c.http2->outcome)) << c.id;
    ++settled[stimulus.http2->outcome];
  }
  EXPECT_GE(settled[Http2Script::Outcome::works], 60);
  EXPECT_GE(settled[Http2Script::Outcome::refuses], 40);
  EXPECT_GE(settled[Http2Script::Outcome::ends_connection], 20);
  EXPECT_GE(settled[Http2Script::Outcome::ends_stream], 3);
}

TEST(Http2Rules, LeaveNothingAfterAnEnd) {
  Dice dice(1);
  for (int i = 0; i < 2000; ++i) {
    Case c;
    c.steps.push_back({step::Sentinel{"m"}});
    script_http2(c, dice);
    const Case settled = expected(c, 1);
    const auto& frames = settled.http2->frames;
    for (std::size_t at = 0; at < frames.size(); ++at) {
      const bool ends = rule_of(frames[at]).outcome != Http2Script::Outcome::works;
      EXPECT_TRUE(!ends || at + 1 == frames.size());
      EXPECT_TRUE(!ends || settled.steps.empty());
    }
    EXPECT_NE(Catalogue::built_in().requirement(settled.requirements.front()), nullptr) << settled.requirements.front();
  }
}

// RFC 9113 4.1 has an unknown type ignored, and 5.1 calls a frame on an idle stream an error.
TEST(Http2Rules, LeaveOpenWhatBecomesOfAnUnknownTypeOnAStreamOfNobody) {
  Http2Frame frame;
  frame.type = 255;
  EXPECT_EQ(rule_of(frame).outcome, Http2Script::Outcome::works);
  frame.on = Http2Frame::On::even;
  EXPECT_EQ(rule_of(frame).outcome, Http2Script::Outcome::either);
}

TEST(Http2Rules, CiteWhatIsLeftOfTheScript) {
  Case c;
  c.steps.push_back({step::Sentinel{"m"}});
  c.http2.emplace();
  EXPECT_EQ(expected(c, 1).requirements.front(), "rfc8441-5-13");
  c.http2->fields.push_back({SectionEdit::Kind::add, "sec-websocket-key", "no key"});
  EXPECT_EQ(expected(c, 1).requirements.front(), "rfc8441-5-7");
  c.http2->data_padding = 5;
  EXPECT_EQ(expected(c, 1).requirements.front(), "rfc9113-6.1-2");
}

// What is sent with END_STREAM waits for no answer, and no frame of ours comes on the stream after it.
TEST(Http2Rules, EndAStreamWithNothingAfterIt) {
  Generator generator(1, Layers{.frames = false, .deflate = false, .http2 = true});
  Dice dice(1);
  int on_data = 0, alone = 0;
  for (int i = 0; i < 3000; ++i) {
    const Case c = expected(generator.next(dice).stimulus, 1);
    const bool fin = !c.steps.empty() && std::holds_alternative<step::Tcp>(c.steps.back().action);
    if (c.http2->last_data_ends) {
      ++on_data;
      ASSERT_TRUE(fin);
      EXPECT_EQ(c.steps.size(), 2u);
      EXPECT_TRUE(c.http2->frames.empty());
      EXPECT_FALSE(c.informational.empty());
    } else if (fin) {
      ++alone;
      for (const Http2Frame& frame : c.http2->frames) EXPECT_NE(frame.on, Http2Frame::On::tunnel);
      EXPECT_TRUE(c.informational.empty());
    }
  }
  EXPECT_GT(on_data, 50);
  EXPECT_GT(alone, 50);
}

// A refusal of what is unusual in the request does not break the rule about the end.
TEST(Http2Rules, CiteTheEndOfAStreamWhereItIsAllThatIsUnusual) {
  Case c;
  c.steps = {{step::Sentinel{"m"}}, {step::Tcp{step::Tcp::How::fin}}};
  c.http2.emplace();
  EXPECT_EQ(expected(c, 1).requirements.front(), "rfc8441-5-15");
  c.http2->fields.push_back({SectionEdit::Kind::add, "sec-websocket-key", "no key"});
  EXPECT_EQ(expected(c, 1).requirements.front(), "rfc8441-5-7");
}

TEST(Http2Rules, EqualSeedsGiveEqualScripts) {
  const Layers layers{.frames = false, .deflate = false, .http2 = true};
  for (std::uint64_t seed : {1, 2}) {
    Generator one(seed, layers), other(seed, layers);
    Dice first(seed), second(seed);
    for (int i = 0; i < 200; ++i) {
      const auto a = one.next(first), b = other.next(second);
      ASSERT_EQ(a.theme, Theme::tunnels);
      ASSERT_EQ(a.stimulus.http2->frames.size(), b.stimulus.http2->frames.size());
      ASSERT_EQ(a.stimulus.steps.size(), b.stimulus.steps.size());
      for (std::size_t at = 0; at < a.stimulus.http2->frames.size(); ++at)
        EXPECT_EQ(a.stimulus.http2->frames[at].type, b.stimulus.http2->frames[at].type);
    }
  }
}

}  // namespace
}  // namespace touchstone::fuzz
