// conversation.h - a stimulus while it is made: frames that go on from each other, compressed with one context.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/catalogue/case.h"

#include <ws/core/deflate/deflate.h>

#include <optional>
#include <vector>

namespace touchstone::fuzz {

class Conversation {
 public:
  // `deflate`: permessage-deflate is offered without parameters, so that the context goes from message to message.
  Conversation(Dice& dice, bool deflate);

  [[nodiscard]] bool deflate() const noexcept { return case_.needs_deflate; }
  [[nodiscard]] std::size_t steps() const noexcept { return case_.steps.size(); }
  [[nodiscard]] Case& stimulus() noexcept { return case_; }

  // A message in frames, cut at these offsets of `octets`: equal ones give empty fragments. What is compressed is cut
  // there as well, or anywhere in the compressed data. With `noise` control frames may stand between the fragments.
  void message(ws::Opcode opcode, ws::ByteView octets, bool compress, const std::vector<std::size_t>& cuts,
               bool noise = false);
  // Ready-made DEFLATE data in frames.
  void compressed(ws::Opcode opcode, ws::ByteView data, const std::vector<std::size_t>& cuts);
  void frame(ws::Opcode opcode, bool fin, ws::Bytes payload, std::uint8_t rsv = 0);
  void add(Step step) { case_.steps.push_back(std::move(step)); }
  void control();   // a Ping or a Pong, legal
  void sentinel();  // what came before is answered first
  void close(std::optional<std::uint16_t> code, ws::Bytes reason);

  // Offsets to cut a message of these octets at: none, some by chance, inside code points, at boundaries, the same
  // one twice.
  [[nodiscard]] std::vector<std::size_t> any_cuts(ws::ByteView octets);

 private:
  void frames(ws::Opcode opcode, std::uint8_t rsv, const std::vector<ws::Bytes>& fragments, bool noise);

  Dice& dice_;
  Case case_;
  std::optional<ws::Deflater> deflater_;
};

}  // namespace touchstone::fuzz
