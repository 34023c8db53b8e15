#include "runner/campaign/signature.h"

#include <gtest/gtest.h>

namespace touchstone::fuzz {
namespace {

TEST(Signature, LeavesOutWhatChangesFromRunToRun) {
  const char* const kExpected = "signal 6 aborted error addresssanitizer heap buffer overflow on address";
  EXPECT_EQ(
      signature_of("the server ended with signal 6 (Aborted): ==123==ERROR: AddressSanitizer: heap-buffer-overflow "
                   "on address 0x602000000011 at pc 0x55d0"),
      kExpected);
  EXPECT_EQ(signature_of("the server ended with signal 6 (Aborted): ==98765==ERROR: AddressSanitizer: "
                         "heap-buffer-overflow on address 0x7ffe01234567 at pc 0x1"),
            kExpected);
}

TEST(Signature, TellsOneDeathFromAnother) {
  const auto died_with = [](const std::string& words) {
    return signature_of("the server ended with exit code 2: " + words);
  };
  EXPECT_EQ(died_with("panic: runtime error: index out of range [125] with length 3"),
            "exit code 2 panic runtime error index out of range");
  EXPECT_EQ(died_with("panic: runtime error: invalid memory address"),
            "exit code 2 panic runtime error invalid memory address");
  EXPECT_EQ(died_with("/home/me/src/parser.c:12: parse: Assertion failed"),
            "exit code 2 parser c parse assertion failed");
  EXPECT_EQ(died_with("/srv/ci/4711/src/parser.c:14: parse: Assertion failed"),
            "exit code 2 parser c parse assertion failed");
  EXPECT_EQ(signature_of("the server ended with signal 11 (Segmentation fault)"), "signal 11 segmentation fault");
  EXPECT_EQ(signature_of(""), "");
}

}  // namespace
}  // namespace touchstone::fuzz
