// Status codes and payloads of Close frames, against the tables of RFC 6455 7.4.
#include <ws/core/close.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using test::hex;

TEST(Close, KnowsEveryCodeOfTheRegistry) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    // RFC 6455 7.4 with the IANA registry, written as a list of ranges.
    const bool expected =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    ASSERT_EQ(close_code_on_wire(static_cast<std::uint16_t>(code)), expected) << code;
  }
}

TEST(Close, EmptyPayloadHasNoReason) {
  ASSERT_TRUE(decode_close({}));
  EXPECT_EQ(*decode_close({}), std::nullopt);
  EXPECT_TRUE(encode_close({}).empty());
}

TEST(Close, ReadsCodeInNetworkOrderAndText) {
  EXPECT_EQ(**decode_close(hex("03 e8 62 79 65")), (CloseReason{1000, "bye"}));
  EXPECT_EQ(encode_close(CloseReason{1000, "bye"}), hex("03 e8 62 79 65"));
}

TEST(Close, TheCodeIsReadWhateverItIs) {
  EXPECT_EQ(close_code_of(hex("03 e8 62")), 1000);
  EXPECT_EQ(close_code_of(hex("ff fe")), 65534);
  EXPECT_EQ(close_code_of(hex("03")), std::nullopt);
  EXPECT_EQ(close_code_of({}), std::nullopt);
}

TEST(Close, RefusesOneOctet) { EXPECT_EQ(decode_close(hex("03")).error(), Violation::close_payload_of_one); }

TEST(Close, RefusesCodesThatAreNeverSent) {
  for (const auto* octets : {"00 00", "03 e7", "03 ec", "03 ed", "03 ee", "03 f7", "03 f8", "0b b7", "13 88", "ff ff"})
    EXPECT_EQ(decode_close(hex(octets)).error(), Violation::close_code_invalid) << octets;
}

TEST(Close, RefusesReasonThatIsNotUtf8) {
  EXPECT_EQ(decode_close(hex("03 e8 c3 28")).error(), Violation::close_reason_not_utf8);
  EXPECT_EQ(decode_close(hex("03 e8 e2 82")).error(), Violation::close_reason_not_utf8);
}

}  // namespace
}  // namespace ws
