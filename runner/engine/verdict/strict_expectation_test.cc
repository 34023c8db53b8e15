#include "runner/engine/verdict/strict_expectation.h"
#include "runner/engine/verdict/contradictions.h"

#include "runner/catalogue/catalogue.h"

#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

Payload literal_text(std::string_view text) { return {recipe::Literal{ws::to_bytes(text)}}; }

Step frame(ws::Opcode opcode, std::string_view payload, bool fin = true, std::uint8_t rsv = 0) {
  step::Frame out;
  out.opcode = opcode;
  out.fin = fin;
  out.rsv = rsv;
  out.payload = literal_text(payload);
  return {out};
}

Expect derived(std::vector<Step> steps, Side side = Side::server) {
  Case c;
  c.steps = std::move(steps);
  return derive(c, side, std::nullopt, 1);
}

TEST(StrictExpectation, EchoesAMessageAndStaysOpen) {
  const Expect expect = derived({frame(ws::Opcode::text, "hello")});
  ASSERT_EQ(expect.replies.size(), 1u);
  EXPECT_EQ(expect.replies[0].kind, Reply::Kind::text);
  EXPECT_TRUE(std::holds_alternative<end::Polite>(expect.end));
}

// The tester's frames are bare then (RFC 6455 5.1); a strict server would fail at the first of them.
TEST(StrictExpectation, PlaysAStrictClientWhenAClientIsUnderTest) {
  const Expect expect = derived({frame(ws::Opcode::text, "hello"), frame(ws::Opcode::ping, "?")}, Side::client);
  ASSERT_EQ(expect.replies.size(), 2u);
  EXPECT_EQ(expect.replies[1].kind, Reply::Kind::pong);
  EXPECT_TRUE(std::holds_alternative<end::Polite>(expect.end));
}

TEST(StrictExpectation, RepliesToNothingBehindAFault) {
  const Expect expect =
      derived({frame(ws::Opcode::text, "good"), frame(ws::Opcode::text, "bad", true, 2), frame(ws::Opcode::ping, "")});
  ASSERT_EQ(expect.replies.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<end::Fails>(expect.end));
  EXPECT_EQ(std::get<end::Fails>(expect.end).codes, std::vector<std::uint16_t>{1002});
}

TEST(StrictExpectation, FailsInvalidTextWith1007) {
  const Expect expect = derived({frame(ws::Opcode::text, "\xff")});
  ASSERT_TRUE(std::holds_alternative<end::Fails>(expect.end));
  EXPECT_EQ(std::get<end::Fails>(expect.end).codes.front(), 1007);
}

TEST(StrictExpectation, FindsAnExpectationThatTheRfcForbids) {
  Case c;
  c.sides = {Side::server};
  c.steps = {frame(ws::Opcode::text, "bad", true, 2)};
  c.expect = Expect{{{.kind = Reply::Kind::text, .sent = true, .payload = {}, .mark = {}}}, false, end::Polite{}};
  EXPECT_EQ(contradictions(c).size(), 2u);  // it replies, and it does not end
}

TEST(StrictExpectation, FindsAnExpectationThatRefusesTheStrictStack) {
  Case c;
  c.sides = {Side::server};
  c.steps = {frame(ws::Opcode::text, "\xff")};
  c.expect = Expect{{}, false, end::Fails{{1002}}};
  EXPECT_FALSE(contradictions(c).empty());
}

TEST(StrictExpectation, AgreesWithEveryCaseOfTheCatalogue) {
  for (const Case& c : Catalogue::built_in().cases()) {
    for (const auto& text : contradictions(scaled(c, Profile::standard))) ADD_FAILURE() << c.id << ": " << text;
  }
}

// A match into an earlier message, and after it a fault: under what was agreed the match is the tester's own fault.
TEST(ExceedsAgreement, IsSeenInACaseThatBreaksARuleLater) {
  Case c;
  c.needs_deflate = true;
  ws::Deflater deflater(15, false, 9);
  for (int i = 0; i < 2; ++i) {
    step::Frame compressed;
    compressed.rsv = 4;
    ws::Bytes data;
    deflater.compress(ws::to_bytes("what was said before is said again"), true, data);
    compressed.payload = {recipe::Literal{std::move(data)}};
    c.steps.push_back({compressed});
  }
  step::Frame fault;
  fault.opcode = static_cast<ws::Opcode>(3);
  c.steps.push_back({fault});
  ws::DeflateParams none;
  none.server_no_context_takeover = none.client_no_context_takeover = true;
  EXPECT_TRUE(exceeds_agreement(c, Side::client, none));
  EXPECT_FALSE(exceeds_agreement(c, Side::client, ws::DeflateParams{}));
  // Where the fault comes first nothing of the match is read.
  std::rotate(c.steps.begin(), c.steps.begin() + 2, c.steps.end());
  EXPECT_FALSE(exceeds_agreement(c, Side::client, none));
}

// What the tester compresses after ready-made data reaches over them, and finds what it means only without takeover.
TEST(ExceedsAgreement, IsSeenWhereTheSameOctetsMeanSomethingElse) {
  Case c;
  c.needs_deflate = true;
  step::Message message;
  message.payload = literal_text("what was said before is said again");
  message.deflate = true;
  step::Frame stored;
  stored.rsv = 4;
  stored.payload = {recipe::Literal{
      {std::byte{0}, std::byte{1}, std::byte{0}, std::byte{0xFE}, std::byte{0xFF}, std::byte{'x'}, std::byte{0}}}};
  c.steps = {{message}, {stored}, {message}};
  ws::DeflateParams none;
  none.server_no_context_takeover = none.client_no_context_takeover = true;
  EXPECT_TRUE(exceeds_agreement(c, Side::client, none));
  c.steps.pop_back();
  EXPECT_FALSE(exceeds_agreement(c, Side::client, none));
}

}  // namespace
}  // namespace touchstone
