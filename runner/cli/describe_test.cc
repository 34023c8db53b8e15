#include "runner/cli/describe.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Payload text(std::string_view words) {
  recipe::Literal literal;
  for (const char c : words) literal.octets.push_back(static_cast<std::byte>(c));
  return {literal};
}

Payload stream(std::uint64_t length) { return {recipe::Stream{"json", length}}; }

TEST(Describe, Payloads) {
  EXPECT_EQ(describe(text("Hello")), "\"Hello\"");
  EXPECT_EQ(describe(text("\xff\x01")), "hex ff01");
  EXPECT_EQ(describe(text("")), "nothing");
  EXPECT_EQ(describe(text(std::string(60, 'x'))), "\"" + std::string(48, 'x') + "\"... (60 bytes)");
  EXPECT_EQ(describe(stream(1)), "1 byte of generated json");
  EXPECT_EQ(describe(Payload{recipe::Fill{std::get<recipe::Literal>(text("ab").recipe).octets, 9}}),
            "9 bytes of \"ab\" repeated");
  EXPECT_EQ(describe(Payload{recipe::Cat{{text("a"), stream(2)}}}), "\"a\" + 2 bytes of generated json");
}

TEST(Describe, FramesWithAllTheirBits) {
  Case c;
  step::Frame frame;
  frame.fin = false;
  frame.rsv = 5;
  frame.payload = text("x");
  c.steps.push_back({frame});
  frame = {};
  frame.opcode = static_cast<ws::Opcode>(0xB);
  c.steps.push_back({frame});
  EXPECT_THAT(describe_steps(c), ElementsAre("send a text frame, FIN clear, RSV1 set, RSV3 set: \"x\"",
                                             "send a frame with the reserved opcode 0xb, empty"));
}

TEST(Describe, RepeatsIndentTheirSteps) {
  Case c;
  step::Message message;
  message.payload = stream(16);
  message.deflate = true;
  c.steps.push_back({step::Repeat{3, {{message}, {step::AwaitEcho{}}}}});
  EXPECT_THAT(describe_steps(c), ElementsAre("3 times:", "  send a compressed text message: 16 bytes of generated json",
                                             "  wait until every message sent so far has come back"));
  EXPECT_EQ(octets_sent(c), 48u);
}

TEST(Describe, Closes) {
  Case c;
  c.steps.push_back({step::Close{}});
  c.steps.push_back({step::Close{1000, text("bye")}});
  EXPECT_THAT(describe_steps(c), ElementsAre("send a Close frame without a status code",
                                             "send a Close frame with status code 1000 and the reason \"bye\""));
}

TEST(Describe, Expectations) {
  Case c;
  EXPECT_THAT(describe_expectation(c), Contains(HasSubstr("RFC 6455")));
  c.expect.emplace();
  c.expect->replies.push_back({.kind = Reply::Kind::pong, .sent = false, .payload = text("p"), .mark = {}});
  c.expect->end = end::Fails{{1007, 1002, 1007}};
  EXPECT_THAT(
      describe_expectation(c),
      ElementsAre("a Pong: \"p\"", "then the endpoint fails the connection (fitting status code: 1002 or 1007)"));
}

TEST(Describe, ProfilesOfBulkCasesLeaveOutCore) {
  Case c;
  EXPECT_THAT(profiles_of(c), ElementsAre("core", "default", "full"));
  c.bulk = true;
  EXPECT_THAT(profiles_of(c), ElementsAre("default", "full"));
}

}  // namespace
}  // namespace touchstone::cli
