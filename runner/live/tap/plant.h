// plant.h - faults that a tap plants in the frames that go through it: "the MASK bit off in the third frame".
#pragma once
#include "runner/catalogue/case.h"
#include "runner/catalogue/cursor.h"

#include <ws/core/state.h>
#include <ws/rules/frame_walker.h>

#include <functional>

namespace touchstone::tap {

struct Plant {
  enum class Change : std::uint8_t {
    mask_bit,  // turned over; the masking key and the payload stay as they are
    unmask,    // no masking key, and a payload in clear
    mask,      // masked with a key, where there was none
    rsv,       // these bits are turned over: RSV1 is 4
    opcode,    // this one
    fin,       // turned over
    payload,   // one octet of it is turned over
    drop,      // the frame does not arrive
    repeat,    // it arrives twice
    insert,    // octets before it
    cut,       // TCP ends after so many octets of it
  };
  ws::Role from = ws::Role::client;
  std::uint64_t frame = 1;  // counted from 1 in that direction of the connection
  bool every = false;       // that one and all after it
  Change change = Change::mask_bit;
  std::uint64_t value = 0;  // bits, opcode, offset in the payload, octets
  bool by_reset = false;    // cut
  ws::Bytes octets{};       // insert
};
// {"from": "client", "frame": 3, "change": "mask-bit", "value": 0, "octets": PAYLOAD, "by": "reset", "every": true}
[[nodiscard]] Plant read_plant(const Cursor& c);
[[nodiscard]] std::string_view name(Plant::Change change) noexcept;

// One direction of one connection: frames in, cut anywhere; octets out, as soon as they are known.
class Planter {
 public:
  explicit Planter(ws::Role from) : from_(from) {}
  void add(const Plant& plant);
  // Called once for each fault that takes effect, with the number of its frame.
  std::function<void(const Plant&, std::uint64_t)> on_planted;

  [[nodiscard]] ws::Bytes take(ws::ByteView octets);
  [[nodiscard]] ws::Bytes rest();  // of a header that never got whole
  // After what take() gave last, TCP ends in this way.
  [[nodiscard]] std::optional<bool> cuts_by_reset() const noexcept { return cut_; }

 private:
  void begin_frame(ws::Bytes& out);
  void apply(const Plant& plant, ws::Bytes& head, ws::Bytes& out);
  void take_payload(const ws::rules::FrameWalker::Step& step, ws::Bytes& out);
  void end_frame(ws::Bytes& out);

  ws::Role from_;
  std::vector<Plant> plants_;
  ws::rules::FrameWalker walker_;
  std::uint64_t frame_ = 0;  // the number of the current one
  bool drop_ = false, repeat_ = false;
  std::optional<ws::MaskKey> remask_;    // is taken off, or put on, the payload
  std::optional<std::uint64_t> spoilt_;  // offset in the payload
  std::optional<std::uint64_t> left_;    // octets of this frame until the cut
  bool cut_how_ = false;
  std::optional<bool> cut_;
  ws::Bytes copy_;
};

}  // namespace touchstone::tap
