// mutator_steps.cc - steps that are made up, one by one.
#include "runner/campaign/contents.h"
#include "runner/campaign/mutator.h"
#include "runner/campaign/mutator_tables.h"

#include <ws/core/close.h>
#include <ws/core/deflate/deflate.h>

#include <algorithm>

namespace touchstone::fuzz {

ws::Bytes Mutator::any_octets(std::uint64_t most) { return octets_of_length(dice_, any_length(dice_, most)); }

ws::Bytes Mutator::any_text(std::uint64_t most) {
  ws::Bytes out = text_of_length(dice_, any_length(dice_, most));
  if (one_in(4)) overwrite(out, static_cast<std::size_t>(below(out.size() + 1)), bad_code_point(dice_));
  if (out.size() > most) out.resize(static_cast<std::size_t>(most));
  return out;
}

// A block of its own, again and again: matches at a distance that a small window does not reach.
ws::Bytes Mutator::repetitive(std::uint64_t most) {
  ws::Bytes block(static_cast<std::size_t>(1 + below(4000)));
  for (auto& octet : block) octet = static_cast<std::byte>('a' + below(26));
  ws::Bytes out;
  for (std::uint64_t i = 2 + below(6); i > 0 && out.size() + block.size() <= most; --i) ws::append(out, block);
  return out;
}

step::Frame Mutator::any_frame() {
  constexpr ws::Opcode kOpcodes[] = {ws::Opcode::cont, ws::Opcode::text, ws::Opcode::binary,
                                     ws::Opcode::ping, ws::Opcode::pong, ws::Opcode::close};
  step::Frame frame;
  frame.opcode = one_in(12) ? static_cast<ws::Opcode>(below(16)) : dice_.pick(kOpcodes);
  frame.fin = !one_in(3);
  if (one_in(8)) frame.rsv = static_cast<std::uint8_t>(below(8));
  const bool control = ws::is_control(frame.opcode);
  if (control) frame.fin = !one_in(10);
  const std::uint64_t most = control && !one_in(8) ? 125 : kMostVaried;
  frame.payload = payload_of(frame.opcode == ws::Opcode::text || one_in(3) ? any_text(most) : any_octets(most));
  if (frame.opcode == ws::Opcode::close) {
    frame.payload = payload_of(ws::encode_close(ws::CloseReason{dice_.pick(kCodes), ws::to_string(any_text(130))}));
  }
  return frame;
}

step::Message Mutator::any_message() {
  step::Message message;
  message.opcode = one_in(2) ? ws::Opcode::text : ws::Opcode::binary;
  message.payload = payload_of(one_in(4)                            ? repetitive(kMostVaried)
                               : message.opcode == ws::Opcode::text ? any_text(kMostVaried)
                                                                    : any_octets(kMostVaried));
  message.deflate = one_in(2);
  if (one_in(3)) message.fragment = 1 + below(std::max<std::uint64_t>(length(message.payload), 1));
  return message;
}

// A compressed message in one frame, with octets that are wrong somewhere.
step::Frame Mutator::corrupt_compressed() {
  step::Frame frame;
  frame.opcode = one_in(2) ? ws::Opcode::text : ws::Opcode::binary;
  frame.rsv = 4;
  ws::Bytes octets;
  ws::Deflater deflater(9, true);  // within every window
  deflater.compress(any_text(2000), true, octets);
  for (std::uint64_t i = below(3); i > 0; --i) vary(octets);
  frame.payload = payload_of(std::move(octets));
  return frame;
}

Step Mutator::any_step() {
  if (!layers_.frames) return one_in(3) ? Step{step::Sentinel{}} : Step{any_message()};
  switch (below(10)) {
    case 0:
      return {step::Close{one_in(5) ? std::nullopt : std::optional(dice_.pick(kCodes)), payload_of(any_text(123))}};
    case 1:
      return {step::Sentinel{}};
    case 2:
      return {step::Frame{.opcode = one_in(3) ? ws::Opcode::pong : ws::Opcode::ping,
                          .payload = payload_of(any_octets(125))}};
    case 3:
      if (layers_.deflate) return {corrupt_compressed()};
      [[fallthrough]];
    case 4:
    case 5:
    case 6:
      return {any_frame()};
    default:
      return {any_message()};
  }
}

}  // namespace touchstone::fuzz
