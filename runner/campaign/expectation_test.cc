// What a stimulus may be accused of: where the RFCs leave a choice there is no difference to find.
#include "runner/campaign/expectation.h"

#include "runner/campaign/mutator.h"
#include "runner/campaign/openings.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/opening.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/core/connection/connection.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

Payload octets(std::initializer_list<unsigned> all) {
  ws::Bytes out;
  for (const unsigned octet : all) out.push_back(static_cast<std::byte>(octet));
  return {recipe::Literal{out}};
}

step::Frame frame(ws::Opcode opcode, bool fin, Payload payload, std::uint8_t rsv = 0) {
  step::Frame out;
  out.opcode = opcode;
  out.fin = fin;
  out.rsv = rsv;
  out.payload = std::move(payload);
  return out;
}

Case stimulus(std::vector<Step> steps) {
  Case c;
  c.steps = std::move(steps);
  return c;
}

template <class End>
bool ends(const Case& c) {
  return std::holds_alternative<End>(c.expect->end);
}

TEST(Expectation, NamesTheRuleThatIsBroken) {
  EXPECT_EQ(expected(stimulus({{step::Sentinel{"a"}}}), 1).requirements.front(), kProcessing);
  const Case c = expected(stimulus({{frame(ws::Opcode::text, true, {}, 2)}}), 1);
  EXPECT_EQ(c.requirements.front(), "rfc6455-5.2-3");
  EXPECT_TRUE(ends<end::Fails>(c));
}

// What is kept is varied further, and still has the expectation of what it was.
TEST(Expectation, OfAVariedStimulusIsItsOwn) {
  step::Frame longer = frame(ws::Opcode::text, true, octets({'h', 'i'}));
  longer.form.length_bits = 16;
  Case varied = expected(stimulus({{step::Sentinel{"a"}}, {frame(ws::Opcode::text, true, {}, 2)}}), 1);
  varied.steps = {{longer}};
  EXPECT_EQ(to_json(expected(varied, 1)), to_json(expected(stimulus({{longer}}), 1)));
  varied.steps = {{step::Sentinel{"b"}}};
  EXPECT_EQ(to_json(expected(varied, 1)), to_json(expected(stimulus({{step::Sentinel{"b"}}}), 1)));
}

// C-15: an endpoint may wait for octets that were announced; our FIN ends it, and nothing may come of the beginning.
TEST(Expectation, LeavesItToTheEndpointWhatToDoWithAFrameThatIsNotAllThere) {
  step::Frame negative = frame(ws::Opcode::text, true, octets({'h', 'i'}));
  negative.form.announces = 0x8000'0000'0000'0002;
  const step::Frame whole = frame(ws::Opcode::text, true, octets({'h', 'i'}));
  const Case c = expected(stimulus({{whole}, {negative}, {whole}}), 1);
  EXPECT_TRUE(ends<end::Abandoned>(c));
  ASSERT_EQ(c.steps.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<step::Tcp>(c.steps.back().action));
  EXPECT_EQ(c.expect->replies.size(), 1u);
  EXPECT_EQ(c.requirements.back(), "rfc6455-5.2-16");
  step::Frame cut = whole;
  cut.form.cut = 3;
  EXPECT_TRUE(ends<end::Abandoned>(expected(stimulus({{cut}}), 1)));
  // Behind a fault, and after a Close, it says nothing.
  const Case fault = expected(stimulus({{frame(ws::Opcode::text, true, {}, 2)}, {negative}}), 1);
  EXPECT_TRUE(ends<end::Fails>(fault));
  EXPECT_EQ(fault.steps.size(), 1u);
  const Case closed = expected(stimulus({{step::Close{1000, {}}}, {negative}}), 1);
  EXPECT_TRUE(ends<end::Replies>(closed));
  EXPECT_EQ(closed.steps.size(), 1u);
}

// C-16: RFC 6455 5.2 binds who sends a length.
TEST(Expectation, LeavesLengthsOpenThatAreLongerThanNeeded) {
  step::Frame hello = frame(ws::Opcode::text, true, octets({'h', 'i'}));
  hello.form.length_bits = 16;
  const Case c = expected(stimulus({{hello}, {step::Sentinel{"a"}}}), 1);
  EXPECT_TRUE(ends<end::MayFail>(c));
  ASSERT_EQ(c.expect->replies.size(), 1u);  // whoever fails the connection passes no mark
  // With a fault beside it only the fault is left.
  const Case both = expected(stimulus({{hello}, {frame(ws::Opcode::text, true, {}, 2)}}), 1);
  EXPECT_TRUE(ends<end::Fails>(both));
  EXPECT_EQ(both.requirements.front(), "rfc6455-5.2-3");
}

// C-31: an endpoint may look at a text when it has all of it.
TEST(Expectation, GivesAMessageWithBadTextAnEnd) {
  const Case c = expected(stimulus({{frame(ws::Opcode::text, false, octets({0x80}))}}), 1);
  EXPECT_TRUE(ends<end::Fails>(c));
  ASSERT_EQ(c.steps.size(), 2u);
  EXPECT_TRUE(std::get<step::Frame>(c.steps[1].action).fin);
}

// Three octets of fixed codes without an end of the block: some libraries wait for more.
TEST(Expectation, AccusesNobodyOverDeflateDataThatStopInABlock) {
  Case c = stimulus({{frame(ws::Opcode::binary, true, octets({0x7a, 0x7f, 0x3f}), 4)}});
  c.needs_deflate = true;
  c.offer = {"permessage-deflate"};
  EXPECT_FALSE(ends<end::Fails>(expected(c, 1)));
  // A block of the reserved type (RFC 1951 3.2.3) is an error for all of them.
  c.steps = {{frame(ws::Opcode::binary, true, octets({0x06, 0x00, 0x00}), 4)}};
  EXPECT_TRUE(ends<end::Fails>(expected(c, 1)));
}

// RFC 7692 7.2.1 and the messages of 7.2.3.1, 7.2.3.3 and 7.2.3.4.
TEST(Expectation, KeepsCompressedMessagesThatAreBlocks) {
  const auto kept = [](Payload data) {
    Case c = stimulus({{frame(ws::Opcode::binary, true, std::move(data), 4)}});
    c.needs_deflate = true;
    c.offer = {"permessage-deflate"};
    return std::holds_alternative<step::Frame>(expected(c, 1).steps.front().action);
  };
  EXPECT_TRUE(kept(octets({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})));
  EXPECT_TRUE(kept(octets({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})));
  EXPECT_TRUE(kept(octets({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})));
  EXPECT_TRUE(kept(octets({0x13, 0x18, 0xd4, 0xe0, 0x03, 0x00, 0xaa, 0x00, 0x00}))) << "a block behind a final one";
  EXPECT_FALSE(kept(octets({0xf2, 0x48, 0xcd})));
}

// RFC 6455 5.5.1: which of two Closes an endpoint answers would be another question.
TEST(Expectation, HasOneCloseAtMost) {
  const Case c = expected(stimulus({{step::Close{1010, {}}}, {step::Close{4000, {}}}}), 1);
  EXPECT_EQ(std::ranges::count_if(c.steps, is_close), 1);
}

// C-29.
TEST(Expectation, LeavesCodesOpenThatRfc6455DoesNotKnow) {
  EXPECT_TRUE(ends<end::Open>(expected(stimulus({{step::Close{5000, {}}}}), 1)));
  EXPECT_TRUE(ends<end::Open>(expected(stimulus({{step::Close{1014, {}}}}), 1)));
  EXPECT_TRUE(ends<end::Fails>(expected(stimulus({{step::Close{1005, {}}}}), 1)));
  // RFC 6455 8.1: the reason is a fault of its own.
  const Case both = expected(stimulus({{step::Close{5000, {recipe::Literal{{std::byte{0xE2}}}}}}}), 1);
  EXPECT_EQ(std::get<end::Open>(both.expect->end).codes, (std::vector<std::uint16_t>{1000, 5000, 1002, 1007}));
  EXPECT_TRUE(ends<end::Replies>(expected(stimulus({{step::Close{1000, {}}}}), 1)));
}

// --- Opening handshakes ---------------------------------------------------------------------------------------

bool strict_stack_opens(const Case& c) {
  Target target;
  target.url = {false, "127.0.0.1", 9001, "/"};
  ws::Options options;
  options.role = ws::Role::server;
  ws::Connection server(options);
  server.receive(opening_request(c, target, 1).octets);
  while (auto event = server.next_event()) {
    if (std::holds_alternative<ws::event::Requested>(*event)) {
      EXPECT_TRUE(server.submit(ws::Command{ws::command::Accept{}}).has_value());
    }
  }
  return ws::to_string(server.output()).starts_with("HTTP/1.1 101 ");
}

// Whatever parts come together, what must or should come of them is what the strict stack does.
TEST(Openings, AgreeWithTheStrictStackInEveryMixture) {
  Mutator mutator(11, {.frames = false, .deflate = false, .handshake = true}, {});
  int judged = 0, refused = 0, mixed = 0;
  for (int i = 0; i < 4000; ++i) {
    const Case c = expected(mutator.next({}), 1);
    if (whole_opening(c) || !c.expect->opening || c.expect->opening->level == ExpectOpening::Level::may) continue;
    const bool refuse = c.expect->opening->outcome == ExpectOpening::Outcome::refuse;
    EXPECT_EQ(strict_stack_opens(c), !refuse) << to_json(c);
    ++judged;
    refused += refuse ? 1 : 0;
    mixed += c.made_of.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(judged, 500);
  EXPECT_GT(refused, 100);
  EXPECT_GT(mixed, 100);
}

TEST(Openings, StandAloneAsTheCatalogueHasThem) {
  Case c = stimulus({{step::Sentinel{"a"}}});
  const auto part = std::ranges::find(opening_parts(), "opening-head/body/length", &OpeningPart::id);
  ASSERT_NE(part, opening_parts().end());
  add_opening(c, *part);
  const Case whole = expected(c, 1);
  const Case* original = Catalogue::built_in().find("opening-head/body/length");
  EXPECT_EQ(whole.requirements, original->requirements);
  EXPECT_EQ(whole.steps.size(), original->steps.size());
  // Nothing goes with it.
  for (const OpeningPart& other : opening_parts()) add_opening(c, other);
  EXPECT_EQ(c.made_of.size(), 1u);
}

// A path that a server may not have, and a version that it may not speak: either status is a good one.
TEST(Openings, WantNoStatusOfARequestThatIsOddInTwoWays) {
  Case c = stimulus({{step::Sentinel{"a"}}});
  for (const char* id : {"opening-request/unknown-path", "opening-request/version-draft/0"})
    add_opening(c, *std::ranges::find(opening_parts(), id, &OpeningPart::id));
  const Case both = expected(c, 1);
  EXPECT_EQ(both.made_of.size(), 2u);
  EXPECT_EQ(both.expect->opening->level, ExpectOpening::Level::may);
  EXPECT_EQ(both.expect->opening->statuses, std::vector<std::uint16_t>{200});
  EXPECT_TRUE(both.expect->opening->with.empty());
}

TEST(Openings, SurviveTheWayThroughAFile) {
  Mutator mutator(13, {.handshake = true}, {});
  for (int i = 0; i < 300; ++i) {
    const Case c = expected(mutator.next({}), 1);
    const auto loaded = load_cases("corpus.json", to_json(c));
    ASSERT_TRUE(loaded.has_value()) << loaded.error().front().text() << to_json(c);
    EXPECT_EQ(to_json(expected(loaded->front(), 1)), to_json(c));
  }
}

}  // namespace
}  // namespace touchstone::fuzz
