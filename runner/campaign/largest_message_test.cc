#include "runner/campaign/largest_message.h"

#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>

namespace touchstone::fuzz {
namespace {

step::Frame frame(ws::Opcode opcode, bool fin, ws::Bytes payload, std::uint8_t rsv = 0) {
  step::Frame out;
  out.opcode = opcode;
  out.fin = fin;
  out.rsv = rsv;
  out.payload = {recipe::Literal{std::move(payload)}};
  return out;
}

TEST(LargestMessage, CountsTheFragmentsOfOne) {
  Case c;
  c.steps = {{frame(ws::Opcode::text, false, ws::Bytes(10))},
             {frame(ws::Opcode::ping, true, ws::Bytes(100))},
             {frame(ws::Opcode::cont, true, ws::Bytes(7))},
             {frame(ws::Opcode::binary, true, ws::Bytes(12))}};
  EXPECT_EQ(largest_message(c), 17u);
}

TEST(LargestMessage, InflatesWhatIsCompressedAlsoWithoutAnEnd) {
  ws::Bytes bomb;
  ws::Deflater(15, false, 9).compress(ws::Bytes(3'000'000), true, bomb);
  Case c;
  const auto half = static_cast<std::ptrdiff_t>(bomb.size() / 2);
  c.steps = {{frame(ws::Opcode::binary, false, ws::Bytes(bomb.begin(), bomb.begin() + half), 4)}};
  EXPECT_GT(largest_message(c), 1'000'000u);
  c.steps.push_back({frame(ws::Opcode::cont, true, ws::Bytes(bomb.begin() + half, bomb.end()))});
  EXPECT_EQ(largest_message(c), 3'000'000u);
  // Without RSV1 it is what it is.
  c.steps = {{frame(ws::Opcode::binary, true, bomb)}};
  EXPECT_EQ(largest_message(c), bomb.size());
}

}  // namespace
}  // namespace touchstone::fuzz
