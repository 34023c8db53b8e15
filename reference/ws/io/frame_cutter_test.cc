// However the input comes, the cutter stops where frames end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/io/frame_cutter.h>

namespace ws::io {
namespace {

using testing::ElementsAre;

Bytes frame(Opcode opcode, std::size_t length, bool masked) {
  FrameHeader header{.opcode = opcode, .mask = {}};
  if (masked) header.mask = MaskKey{};
  Bytes out;
  encode_frame(header, Bytes(length, std::byte{'x'}), out);
  return out;
}

// The lengths of all pieces when the octets arrive `step` at a time.
std::vector<std::size_t> cuts(ByteView octets, State state, std::size_t step) {
  FrameCutter cutter;
  std::vector<std::size_t> pieces;
  while (!octets.empty()) {
    ByteView arrived = octets.first(std::min(step, octets.size()));
    octets = octets.subspan(arrived.size());
    while (!arrived.empty()) {
      pieces.push_back(cutter.next(arrived, state));
      arrived = arrived.subspan(pieces.back());
    }
  }
  return pieces;
}

TEST(FrameCutter, CutsWhereFramesEnd) {
  Bytes octets;
  std::vector<std::size_t> ends;
  for (const std::size_t length : {0, 1, 125, 126, 65535, 65536}) {
    for (const bool masked : {false, true}) {
      const Bytes one = frame(Opcode::binary, length, masked);
      ends.push_back(one.size());
      append(octets, one);
    }
  }
  EXPECT_EQ(cuts(octets, State::open, octets.size()), ends);
  EXPECT_EQ(cuts(octets, State::closing, octets.size()), ends);
}

TEST(FrameCutter, FindsTheEndsHoweverTheInputComes) {
  Bytes octets;
  std::vector<std::size_t> ends;
  for (const std::size_t length : {3, 0, 200, 0, 70'000, 1}) {
    append(octets, frame(Opcode::text, length, true));
    ends.push_back(octets.size());
  }
  for (const std::size_t step : {1, 2, 3, 5, 7, 100, 4096}) {
    const auto pieces = cuts(octets, State::open, step);
    std::size_t position = 0;
    auto end = ends.begin();
    for (const std::size_t piece : pieces) {
      position += piece;
      EXPECT_LE(position, *end) << "a piece goes beyond the end of a frame, step " << step;
      if (position == *end) ++end;
    }
    EXPECT_EQ(end, ends.end()) << step;
  }
}

TEST(FrameCutter, CutsAHeadAtItsLines) {
  EXPECT_THAT(cuts(as_octets("GET / HTTP/1.1\r\nA: b\r\n\r\nrest"), State::connecting, 100), ElementsAre(16, 6, 2, 4));
}

TEST(FrameCutter, HasNoOpinionAboutWhatIsDropped) {
  EXPECT_THAT(cuts(as_octets("any octets"), State::draining, 100), ElementsAre(10));
}

}  // namespace
}  // namespace ws::io
