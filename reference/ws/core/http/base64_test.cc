#include <gtest/gtest.h>
#include <ws/core/http/base64.h>

namespace ws {
namespace {

// RFC 4648 10.
TEST(Base64, DecodesTheVectorsOfTheRfc) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
}

TEST(Base64, StopsAtWhatIsNoDigit) { EXPECT_EQ(decode_base64("Zm9v-mFy"), "foo"); }

}  // namespace
}  // namespace ws
