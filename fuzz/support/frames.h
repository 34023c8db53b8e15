// frames.h - octets seen as a list of frames, so that a mutation can change one part of one frame and leave the rest
// in order: masking keys, lengths and fragments stay what they claim to be unless a mutation is about just that.
#pragma once
#include <ws/core/frame.h>

#include <functional>
#include <random>

namespace fuzz {

using Random = std::minstd_rand;

// A number below `bound`, which is not 0. The same everywhere, unlike std::uniform_int_distribution.
inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

struct WireFrame {
  enum class Form : std::uint8_t { shortest, two_octets, eight_octets };
  ws::FrameHeader header;  // the length is what the header announces
  Form form = Form::shortest;
  ws::Bytes payload;  // unmasked
};

struct WireFrames {
  std::vector<WireFrame> frames;
  ws::Bytes rest;  // too short to be a header
};

[[nodiscard]] WireFrames read_frames(ws::ByteView octets);
[[nodiscard]] ws::Bytes write_frames(const WireFrames& frames);

// Changes octets as libFuzzer's LLVMFuzzerMutate() does, up to `most` octets.
using MutateOctets = std::function<void(ws::Bytes& octets, std::size_t most)>;

// One to three changes of structure or content. `server_reads` says who masks.
void mutate_frames(WireFrames& frames, bool server_reads, Random& random, const MutateOctets& mutate_octets);

// For custom mutators: calls `libfuzzer`, LLVMFuzzerMutate(), on a copy with room to grow.
[[nodiscard]] MutateOctets with(std::size_t (*libfuzzer)(std::uint8_t*, std::size_t, std::size_t));

}  // namespace fuzz
