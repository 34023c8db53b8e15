// voice.h - what one connection of a scene says: messages in one piece or in turns, Pings, halves of frames, faults.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/catalogue/case.h"

#include <ws/core/bytes.h>
#include <ws/core/frame.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace touchstone::fuzz {

// The steps of one connection, while they are made; what they hold is drawn from `dice`.
class Voice {
 public:
  // `name`: of the connection, "" for the first one. `deflate`: messages may be compressed.
  Voice(Dice& dice, std::string name, bool deflate) : dice_(dice), name_(std::move(name)), deflate_(deflate) {}

  void add(decltype(Step::action) action) { steps_.push_back({std::move(action), name_}); }
  void sentinel() { add(step::Sentinel{}); }
  void await_echo() { add(step::AwaitEcho{}); }

  void message(std::uint64_t most = 900);
  void ping();
  // Frames of one message, and what may stand between them.
  void message_in_turns();
  // Of a frame masked with zeros, cut anywhere.
  void half_a_frame_and_the_rest();
  void begin_message();
  void end_message();
  void frame(ws::Opcode opcode, bool fin, ws::Bytes octets);
  // Of which every endpoint has to say the same.
  void fault();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::vector<Step> take() { return std::exchange(steps_, {}); }

 private:
  [[nodiscard]] ws::Opcode kind();
  [[nodiscard]] ws::Bytes content(ws::Opcode opcode, std::uint64_t length);

  Dice& dice_;
  std::string name_;
  bool deflate_;
  std::vector<Step> steps_;
};

}  // namespace touchstone::fuzz
