#include "runner/campaign/raw_request.h"

#include "runner/campaign/expectation.h"
#include "runner/campaign/mutator.h"
#include "runner/campaign/openings.h"
#include "runner/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <functional>

namespace touchstone::fuzz {
namespace {

using Outcome = ExpectOpening::Outcome;

constexpr std::string_view kOrdinary =
    "GET @target HTTP/1.1\r\nHost: @host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: @key\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";

Case with_request(std::string text) {
  Case c;
  c.id = "fuzz/1";
  c.title = "A request";
  c.sides = {Side::server};
  c.request = HeadScript{.raw = Payload{recipe::Literal{ws::to_bytes(text)}}};
  return c;
}

// The ordinary request with one thing in place of another.
Case with(std::string_view what, std::string_view by) {
  std::string text(kOrdinary);
  text.replace(text.find(what), what.size(), by);
  return expected(with_request(std::move(text)), 1);
}

TEST(RawRequest, OfAnOrdinaryOpeningIsTheOrdinaryRequest) {
  EXPECT_EQ(ws::to_string(request_octets(Case{})), kOrdinary);
  EXPECT_EQ(ws::to_string(request_octets(with_request("GET"))), "GET");
}

TEST(RawRequest, MayBeRefusedOrOpenWhereTheStrictStackTakesIt) {
  const Case c = with("Version", "Version");
  EXPECT_EQ(c.expect->opening->level, ExpectOpening::Level::may);
  EXPECT_EQ(c.expect->opening->outcome, Outcome::open);
  EXPECT_EQ(c.expect->replies.size(), 1u) << "opened, it is open";
  EXPECT_FALSE(leaves_all_open(c));
}

// RFC 6455 4.2.1, items 1 to 6.
TEST(RawRequest, IsRefusedWithoutWhatAnOpeningHandshakeNeeds) {
  for (const auto& [what, by] :
       {std::pair("GET", "PUT"), std::pair("HTTP/1.1", "HTTP/1.0"), std::pair("websocket", "websocke"),
        std::pair(": Upgrade", ": Upgrad\x65\x64"), std::pair("Sec-WebSocket-Key", "Sec-WebSocket-Kez"),
        std::pair("Sec-WebSocket-Version", "Sec-WebSocket-Versiom")}) {
    const Case c = with(what, by);
    EXPECT_EQ(c.expect->opening->level, ExpectOpening::Level::must) << by;
    EXPECT_EQ(c.expect->opening->outcome, Outcome::refuse) << by;
    EXPECT_TRUE(c.requirements.front().starts_with("rfc6455-4.2.1-")) << c.requirements.front();
  }
}

TEST(RawRequest, AccusesNobodyWhereReadersMayDiffer) {
  for (const auto& [what, by] :
       {std::pair("\r\nHost", "\nHost"), std::pair("@key", "@kez"), std::pair("13\r\n\r\n", "13\r\n"),
        std::pair("\r\n\r\n", "\r\n\r\n\x81"), std::pair("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n"),
        std::pair("Host:", "Host :"), std::pair("GET", "G\x01T"), std::pair("@target", "@target @target"),
        std::pair("HTTP/1.1", "HTTP/2.0")}) {
    EXPECT_TRUE(leaves_all_open(with(what, by))) << by;
  }
}

TEST(RawRequest, NeedNotBeRefusedWhereTheCatalogueLetsItOpen) {
  int open = 0;
  for (const OpeningPart& part : opening_parts()) {
    if (part.c.expect->opening && part.c.expect->opening->outcome == Outcome::refuse) continue;
    const Case c = expected(with_request(ws::to_string(request_octets(part.c))), 1);
    EXPECT_EQ(c.expect->opening->outcome, Outcome::open) << part.id;
    ++open;
  }
  EXPECT_GT(open, 50);
}

TEST(RawRequest, SurvivesTheWayThroughAFile) {
  Mutator mutator(11, {.frames = false, .deflate = false, .handshake = true}, {});
  std::vector<Case> corpus;
  int raw = 0;
  for (int i = 0; i < 2000; ++i) {
    const Case c = expected(mutator.next(corpus), 1);
    if (i % 3 == 0) corpus.push_back(c);
    if (!has_raw_request(c)) continue;
    ++raw;
    EXPECT_LE(request_octets(c).size(), kMostRequest);
    const std::string text = to_json(c);
    const auto read = load_cases("case.json", text);
    ASSERT_TRUE(read) << read.error().front().text() << "\n" << text;
    EXPECT_EQ(to_json(expected(read->front(), 1)), text);
  }
  EXPECT_GT(raw, 100);
}

}  // namespace
}  // namespace touchstone::fuzz
