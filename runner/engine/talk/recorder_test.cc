#include "runner/engine/talk/recorder.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

// RFC 6455 5.7: "Hello", masked with 37 fa 21 3d; whatever the pieces in which it comes.
TEST(Recorder, WritesDownWhatAMaskedFrameMeans) {
  const ws::Bytes frame = ws::to_bytes("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    Recorder recorder(1024);
    for (ws::ByteView rest : {ws::ByteView(frame).first(cut), ws::ByteView(frame).subspan(cut)}) {
      while (!rest.empty()) rest = rest.subspan(recorder.received(rest).taken);
    }
    ASSERT_EQ(recorder.transcript().entries.size(), 1u) << cut;
    EXPECT_EQ(recorder.transcript().entries[0].octets, "Hello") << cut;
    EXPECT_EQ(recorder.transcript().entries[0].mask, 0x37fa213du) << cut;
  }
}

}  // namespace
}  // namespace touchstone
