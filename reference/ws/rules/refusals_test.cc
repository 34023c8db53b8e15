#include <gtest/gtest.h>
#include <ws/core/violation.h>
#include <ws/rules/refusals.h>

namespace ws::rules {
namespace {

RequestHead with(std::vector<Field> fields) {
  RequestHead head;
  head.fields = std::move(fields);
  return head;
}

TEST(Refusals, TheHeadDecidesWhereTheFaultDoesNot) {
  using enum Violation;
  EXPECT_EQ(refusal_of_request(host_missing, {}), Refusal::must);
  EXPECT_EQ(refusal_of_request(host_missing, with({{"Host", "a b"}})), Refusal::should);
  EXPECT_EQ(refusal_of_request(version_unsupported, with({{"Sec-WebSocket-Version", "8"}})), Refusal::must);
  EXPECT_EQ(refusal_of_request(version_unsupported, with({{"Sec-WebSocket-Version", "013"}})), Refusal::should);
  EXPECT_EQ(refusal_of_request(handshake_field_repeated, with({{"Host", "a"}, {"Host", "a"}})), Refusal::must);
  EXPECT_EQ(
      refusal_of_request(handshake_field_repeated, with({{"Sec-WebSocket-Key", "a"}, {"Sec-WebSocket-Key", "a"}})),
      Refusal::should);
  EXPECT_EQ(
      refusal_of_request(handshake_field_repeated, with({{"Sec-WebSocket-Key", "a"}, {"Sec-WebSocket-Key", "b"}})),
      Refusal::must);
}

// A limit is an endpoint's own, and nobody has to refuse because another did (C-39).
TEST(Refusals, LimitsAreNobodysDuty) {
  EXPECT_EQ(refusal_of_request(Violation::head_too_big, {}), Refusal::may);
  EXPECT_EQ(refusal_of_request(Violation::too_many_fields, {}), Refusal::may);
  EXPECT_EQ(refusal_of_answer(Violation::head_too_big), Refusal::may);
}

// RFC 6455 4.1: what a client has to look for in a 101.
TEST(Refusals, AClientLooksAtTheAnswer) {
  using enum Violation;
  for (const auto fault : {upgrade_missing, connection_upgrade_missing, accept_missing, accept_wrong,
                           extension_not_offered, extension_parameters_invalid, subprotocol_not_offered})
    EXPECT_EQ(refusal_of_answer(fault), Refusal::must) << rule(fault).name;
}

}  // namespace
}  // namespace ws::rules
