#include "runner/campaign/voice.h"

#include "runner/campaign/contents.h"

#include <cstddef>

namespace touchstone::fuzz {

ws::Opcode Voice::kind() { return dice_.one_in(2) ? ws::Opcode::text : ws::Opcode::binary; }

ws::Bytes Voice::content(ws::Opcode opcode, std::uint64_t length) {
  return opcode == ws::Opcode::text ? text_of_length(dice_, length) : octets_of_length(dice_, length);
}

void Voice::message(std::uint64_t most) {
  step::Message message;
  message.opcode = kind();
  message.payload = payload_of(content(message.opcode, dice_.between(1, most)));
  message.deflate = deflate_ && !dice_.one_in(3);
  if (dice_.one_in(3)) message.fragment = dice_.between(1, 1 + most / 3);
  add(std::move(message));
}

void Voice::ping() { frame(ws::Opcode::ping, true, octets_of_length(dice_, dice_.below(40))); }

void Voice::message_in_turns() {
  const ws::Opcode opcode = kind();
  const std::uint64_t n = dice_.between(2, 4);
  for (std::uint64_t i = 0; i < n; ++i) {
    frame(i == 0 ? opcode : ws::Opcode::cont, i + 1 == n, content(opcode, dice_.between(8, 60)));
    if (dice_.one_in(3)) ping();
    if (!dice_.one_in(3)) sentinel();
  }
}

void Voice::half_a_frame_and_the_rest() {
  ws::FrameHeader header;
  header.opcode = ws::Opcode::text;
  header.mask = ws::MaskKey{};
  ws::Bytes whole;
  ws::encode_frame(header, content(header.opcode, dice_.between(4, 200)), whole);
  const auto cut = whole.begin() + static_cast<std::ptrdiff_t>(dice_.between(1, whole.size() - 1));
  add(step::Octets{payload_of(ws::Bytes(whole.begin(), cut))});
  add(step::Octets{payload_of(ws::Bytes(cut, whole.end()))});
}

void Voice::begin_message() {
  const ws::Opcode opcode = kind();  // drawn first, whatever the compiler: equal seeds say equal octets
  frame(opcode, false, content(ws::Opcode::text, dice_.between(1, 40)));
}

void Voice::end_message() { frame(ws::Opcode::cont, true, content(ws::Opcode::text, dice_.between(1, 40))); }

void Voice::frame(ws::Opcode opcode, bool fin, ws::Bytes octets) {
  step::Frame frame;
  frame.opcode = opcode;
  frame.fin = fin;
  frame.payload = payload_of(std::move(octets));
  add(std::move(frame));
}

void Voice::fault() {
  step::Frame frame;
  frame.payload = payload_of(text_of_length(dice_, dice_.below(20)));
  switch (dice_.below(4)) {
    case 0:
      frame.opcode = static_cast<ws::Opcode>(dice_.between(3, 7));
      break;
    case 1:
      frame.rsv = static_cast<std::uint8_t>(dice_.between(1, 3));
      break;
    case 2:
      frame.payload = payload_of(bad_code_point(dice_));
      break;
    default:
      frame.opcode = ws::Opcode::cont;
  }
  add(std::move(frame));
}

}  // namespace touchstone::fuzz
