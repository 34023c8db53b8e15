#include "runner/engine/verdict/sentinel.h"

#include "runner/engine/verdict/test_conversation.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(Sentinels, OfOtherCasesAreForeign) {
  const std::string own = sentinel_payload(1, "pings/answered/empty", 0),
                    other = sentinel_payload(1, "close/simple", 3);
  EXPECT_EQ(own, sentinel_payload(1, "pings/answered/empty", 0)) << "equal seeds send equal octets";
  EXPECT_TRUE(is_foreign_sentinel(other, own));
  EXPECT_FALSE(is_foreign_sentinel(own, own));
  EXPECT_FALSE(is_foreign_sentinel(sentinel_payload(1, "pings/answered/empty", 12), own));
}

// What an endpoint makes of our own payload is another fault.
TEST(Sentinels, ThatAreChangedAreNotForeign) {
  const std::string own = sentinel_payload(1, "a", 0);
  for (const std::string& changed : {std::string(), std::string("touchstone-"), own.substr(0, own.size() - 1),
                                     "T" + own.substr(1), sentinel_payload(2, "a", 0) + "x"}) {
    EXPECT_FALSE(is_foreign_sentinel(changed, own)) << changed;
  }
}

// RFC 6455 5.5.3: unasked Pongs are fine, but not with what another connection asked.
TEST(Sentinels, OfAnotherConnectionMayNotComeBack) {
  Conversation talk;
  talk.expects({}).closes_politely();
  talk.observation().sent_pings.push_back(
      {.payload = sentinel_payload(1, "test/case", 0), .sentinel = true, .mark = {}});
  talk.gets(ws::Opcode::pong, sentinel_payload(1, "test/case", 0))
      .gets(ws::Opcode::pong, sentinel_payload(1, "another/case", 0))
      .gets_close(1000)
      .ends();
  const Verdict verdict = talk.verdict();
  EXPECT_EQ(verdict.behavior, Behavior::failed) << verdict.summary;
  ASSERT_FALSE(verdict.findings.empty());
  EXPECT_EQ(verdict.findings.front().kind, "connections-mixed");
  EXPECT_EQ(verdict.findings.front().requirement, "rfc6455-5.5.3-1");
}

}  // namespace
}  // namespace touchstone
