#include "runner/engine/talk/opening_head.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

Payload verbatim(std::string_view text) { return {recipe::Literal{ws::to_bytes(text)}}; }

const PlainHead kPlain{"GET / HTTP/1.1", {{"Host", "h"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}}};
const HeadWords kWords{.host = "h:9", .target = "/t", .key = "K", .accept = "A", .subprotocol = "s"};

std::string made(const HeadScript& script) { return ws::to_string(scripted_head(script, kPlain, kWords, 1).octets); }

TEST(ScriptedHead, IsTheOrdinaryOneWithoutEdits) {
  EXPECT_EQ(made({}), "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

TEST(ScriptedHead, AppliesEditsInOrder) {
  HeadScript script;
  script.start = "GET http://@host@target HTTP/1.0";
  script.fields = {{.kind = FieldEdit::Kind::set, .name = "UPGRADE", .value = verbatim("x, @key")},
                   {.kind = FieldEdit::Kind::remove, .name = "host"},
                   {.kind = FieldEdit::Kind::add, .name = "X", .value = verbatim("1"), .times = 2},
                   {.kind = FieldEdit::Kind::line, .value = verbatim(" folded")},
                   {.kind = FieldEdit::Kind::set, .name = "New", .value = verbatim("n")}};
  const auto head = scripted_head(script, kPlain, kWords, 1);
  EXPECT_EQ(
      ws::to_string(head.octets),
      "GET http://h:9/t HTTP/1.0\r\nUPGRADE: x, K\r\nConnection: Upgrade\r\nX: 1\r\nX: 1\r\n folded\r\nNew: n\r\n\r\n");
  ASSERT_EQ(head.fields.size(), 5u);  // the folded line is no field
  EXPECT_EQ(head.fields[4], (ws::Field{"New", "n"}));
}

TEST(ScriptedHead, ReadsAFieldOutOfALine) {
  HeadScript script;
  script.fields = {{.kind = FieldEdit::Kind::line, .value = verbatim("Sec-WebSocket-Protocol:\t a ")}};
  EXPECT_EQ(scripted_head(script, kPlain, kWords, 1).fields.back(), (ws::Field{"Sec-WebSocket-Protocol", "a"}));
}

TEST(ScriptedHead, PutsRawOctetsInPlaceOfTheHead) {
  HeadScript script;
  script.before = verbatim("\r\n");
  script.raw = verbatim("GET @target HTTP/1.1\r\nSec-WebSocket-Protocol: p@\r\n\r\n");
  const auto head = scripted_head(script, kPlain, kWords, 1);
  EXPECT_EQ(ws::to_string(head.octets), "\r\nGET /t HTTP/1.1\r\nSec-WebSocket-Protocol: p@\r\n\r\n");
  ASSERT_EQ(head.fields.size(), 1u);
  EXPECT_EQ(head.fields[0].value, "p@");
}

}  // namespace
}  // namespace touchstone
