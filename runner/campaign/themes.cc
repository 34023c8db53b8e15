#include "runner/campaign/themes.h"

#include "runner/campaign/contents.h"

#include <ws/core/close.h>
#include <ws/core/utf8.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

constexpr std::uint64_t kLargest = 131'080;  // past 2^17

ws::Opcode any_kind(Dice& dice) { return dice.one_in(2) ? ws::Opcode::text : ws::Opcode::binary; }

ws::Bytes content(Dice& dice, ws::Opcode kind, std::uint64_t length) {
  return kind == ws::Opcode::text ? text_of_length(dice, length) : octets_of_length(dice, length);
}

bool compresses(const Conversation& talk, Dice& dice) { return talk.deflate() && !dice.one_in(3); }

// Small messages cost little, so large ones are seldom.
std::uint64_t text_length(Dice& dice) {
  if (dice.one_in(24)) return boundary(dice, kLargest);
  return dice.one_in(2) ? boundary(dice, 4200) : dice.between(1, 300);
}

// Somewhere in a text of so many octets: near its ends, at a boundary, anywhere.
std::size_t place_in(Dice& dice, std::uint64_t length) {
  switch (dice.below(4)) {
    case 0:
      return static_cast<std::size_t>(dice.below(std::min<std::uint64_t>(length, 4) + 1));
    case 1:
      return static_cast<std::size_t>(length - dice.below(std::min<std::uint64_t>(length, 5) + 1));
    case 2:
      return static_cast<std::size_t>(boundary(dice, length));
    default:
      return static_cast<std::size_t>(dice.below(length + 1));
  }
}

// Cuts of its own around an offset, besides any others.
std::vector<std::size_t> cuts_around(Conversation& talk, Dice& dice, ws::ByteView octets, std::size_t at) {
  if (dice.one_in(2)) return talk.any_cuts(octets);
  std::vector<std::size_t> cuts;
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) {
    const std::size_t cut = at + static_cast<std::size_t>(dice.below(6));
    cuts.push_back(std::min(cut - std::min<std::size_t>(cut, 2), octets.size()));
  }
  if (dice.one_in(3)) cuts.push_back(cuts.front());
  std::ranges::sort(cuts);
  return cuts;
}

ws::Bytes plain_or_any_text(Dice& dice, std::uint64_t length) {
  if (dice.one_in(2)) return text_of_length(dice, length);
  return ws::Bytes(static_cast<std::size_t>(length), std::byte{'x'});
}

}  // namespace

void add_message(Conversation& talk, Dice& dice) {
  const ws::Opcode kind = any_kind(dice);
  const ws::Bytes octets = content(dice, kind, dice.between(1, 20));
  talk.message(kind, octets, compresses(talk, dice), {});
}

void talk_aftermath(Conversation& talk, Dice& dice) {
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) {
    switch (dice.below(6)) {
      case 0:
      case 1:
        add_message(talk, dice);
        break;
      case 2:
      case 3:
        talk.control();
        break;
      case 4: {
        const bool fin = dice.one_in(2);
        talk.frame(ws::Opcode::cont, fin, text_of_length(dice, dice.below(9)));
        break;
      }
      default:
        talk.close(1000, {});
    }
  }
}

// --- Messages --------------------------------------------------------------------------------------------------------

void talk_history(Conversation& talk, Dice& dice) {
  const bool is_long = dice.one_in(5);
  const std::uint64_t n = is_long ? dice.between(8, 30) : dice.between(2, 7);
  const std::uint64_t most = is_long ? 60 : 3000;
  std::vector<std::pair<ws::Opcode, ws::Bytes>> said;
  for (std::uint64_t i = 0; i < n && talk.steps() < 56; ++i) {
    // The same once more: what an endpoint keeps between messages shows in the second.
    if (said.empty() || !dice.one_in(3)) {
      const ws::Opcode kind = any_kind(dice);
      said.emplace_back(kind, content(dice, kind, dice.one_in(6) ? 0 : any_length(dice, most)));
    } else {
      const auto again = dice.pick(said);
      said.push_back(again);
    }
    const auto& [kind, octets] = said.back();
    const auto cuts = is_long && !dice.one_in(4) ? std::vector<std::size_t>{} : talk.any_cuts(octets);
    const bool compressed = compresses(talk, dice);
    talk.message(kind, octets, compressed, cuts, dice.one_in(3));
    if (dice.one_in(5)) talk.control();
    if (dice.one_in(8)) talk.sentinel();
  }
}

void talk_bad_text(Conversation& talk, Dice& dice) {
  if (dice.one_in(3)) add_message(talk, dice);
  ws::Bytes text = plain_or_any_text(dice, text_length(dice));
  const std::size_t at = place_in(dice, text.size());
  if (dice.one_in(4)) {  // it ends inside a code point
    const ws::Bytes whole = long_code_point(dice);
    const auto kept = static_cast<std::size_t>(dice.between(1, whole.size() - 1));
    overwrite(text, text.size() - std::min(text.size(), dice.one_in(2) ? kept : 0), ws::ByteView(whole).first(kept));
  } else {
    overwrite(text, at, bad_code_point(dice));
  }
  const bool compressed = compresses(talk, dice);
  const auto cuts = cuts_around(talk, dice, text, at);
  talk.message(ws::Opcode::text, text, compressed, cuts, dice.one_in(4));
  if (dice.one_in(3)) talk_aftermath(talk, dice);
}

void talk_good_text(Conversation& talk, Dice& dice) {
  ws::Bytes text(static_cast<std::size_t>(text_length(dice)), std::byte{'x'});
  std::size_t at = 0;
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) {
    const ws::Bytes whole = long_code_point(dice);
    if (text.size() < whole.size()) text.resize(whole.size(), std::byte{'y'});
    at = place_in(dice, text.size() - whole.size());
    // A little before a boundary, so that the code point may lie across it; an earlier one is not cut in two.
    at -= std::min<std::size_t>(at, static_cast<std::size_t>(dice.below(4)));
    ws::Bytes changed = text;
    overwrite(changed, at, whole);
    if (ws::is_utf8(changed)) text = std::move(changed);
  }
  const bool compressed = compresses(talk, dice);
  const auto cuts = cuts_around(talk, dice, text, at);
  talk.message(ws::Opcode::text, text, compressed, cuts, dice.one_in(4));
  if (dice.one_in(3)) add_message(talk, dice);
}

void talk_contents(Conversation& talk, Dice& dice) {
  for (std::uint64_t i = dice.between(1, 6); i > 0; --i) {
    ws::Bytes text = delicate_text(dice);
    if (dice.one_in(3)) ws::append(text, text_of_length(dice, dice.below(40)));
    if (dice.one_in(3)) ws::append(text, delicate_text(dice));
    const ws::Opcode kind = dice.one_in(6) ? ws::Opcode::binary : ws::Opcode::text;
    const bool compressed = compresses(talk, dice);
    talk.message(kind, text, compressed, dice.one_in(3) ? talk.any_cuts(text) : std::vector<std::size_t>{});
  }
}

void talk_sizes(Conversation& talk, Dice& dice) {
  const std::uint64_t most = dice.one_in(6) ? kLargest : 8200;
  for (std::uint64_t i = dice.one_in(3) ? 2 : 1; i > 0; --i) {
    const ws::Opcode kind = any_kind(dice);
    const ws::Bytes octets = content(dice, kind, boundary(dice, most));
    std::vector<std::size_t> cuts;
    if (dice.one_in(2)) {
      const auto part = static_cast<std::size_t>(std::max<std::uint64_t>(boundary(dice, octets.size()), 1));
      for (std::size_t at = part; at < octets.size() && cuts.size() < 12; at += part) cuts.push_back(at);
    }
    talk.message(kind, octets, compresses(talk, dice), cuts);
  }
}

// --- Control frames --------------------------------------------------------------------------------------------------

namespace {

step::Frame odd_control(Dice& dice) {
  constexpr ws::Opcode kControls[] = {ws::Opcode::ping, ws::Opcode::pong, ws::Opcode::close};
  step::Frame frame;
  frame.opcode = dice.one_in(5) ? static_cast<ws::Opcode>(dice.between(11, 15)) : dice.pick(kControls);
  constexpr std::uint64_t kLengths[] = {0, 1, 2, 125, 126, 127, 128, 129, 255, 256, 65535, 65536};
  const bool fin = !dice.one_in(2), rsv = dice.one_in(3), is_long = dice.one_in(3);
  frame.fin = fin;
  if (rsv) frame.rsv = static_cast<std::uint8_t>(dice.below(8));
  const std::uint64_t length = is_long ? dice.pick(kLengths) : dice.below(20);
  ws::Bytes payload = octets_of_length(dice, length);
  if (frame.opcode == ws::Opcode::close && length != 1)
    overwrite(payload, 0, ws::encode_close(ws::CloseReason{1000, {}}));
  if (frame.opcode == ws::Opcode::close)
    std::fill(payload.begin() + std::min<std::ptrdiff_t>(2, std::ssize(payload)), payload.end(), std::byte{'r'});
  frame.payload = {recipe::Literal{std::move(payload)}};
  return frame;
}

void begin_message(Conversation& talk, Dice& dice) {
  const ws::Opcode kind = any_kind(dice);
  talk.frame(kind, false, content(dice, kind, dice.below(9)));
}

void end_message(Conversation& talk, Dice& dice) {
  talk.frame(ws::Opcode::cont, true, ws::to_bytes(dice.one_in(3) ? "" : "end"));
}

}  // namespace

void talk_controls(Conversation& talk, Dice& dice) {
  const bool inside = dice.one_in(2), odd = dice.one_in(2);
  if (dice.one_in(3)) add_message(talk, dice);
  if (inside) begin_message(talk, dice);
  for (std::uint64_t i = dice.one_in(6) ? dice.between(6, 20) : dice.between(1, 4); i > 0; --i) talk.control();
  if (odd) talk.add({odd_control(dice)});
  if (inside) end_message(talk, dice);
  add_message(talk, dice);
  if (odd && dice.one_in(2)) talk_aftermath(talk, dice);
}

void talk_closing(Conversation& talk, Dice& dice) {
  constexpr std::uint16_t kClosingCodes[] = {0,    1,    999,  1000, 1000, 1001, 1002, 1003, 1004, 1005,
                                             1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
                                             1016, 1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535};
  if (dice.one_in(3)) add_message(talk, dice);
  if (dice.one_in(4)) begin_message(talk, dice);
  if (dice.one_in(4)) talk.control();
  const std::uint16_t code =
      dice.one_in(4) ? static_cast<std::uint16_t>(dice.between(1000, 4999)) : dice.pick(kClosingCodes);
  const std::uint64_t length = dice.one_in(3) ? 0 : dice.one_in(3) ? dice.between(118, 123) : dice.below(60);
  ws::Bytes reason = plain_or_any_text(dice, length);
  if (dice.one_in(4)) {
    const auto at = static_cast<std::size_t>(dice.below(reason.size() + 1));
    overwrite(reason, at, bad_code_point(dice));
  }
  reason.resize(std::min<std::size_t>(reason.size(), dice.one_in(12) ? 130 : 123));
  switch (dice.below(8)) {
    case 0:
      talk.close(std::nullopt, {});
      break;
    case 1:
      talk.frame(ws::Opcode::close, true, octets_of_length(dice, dice.between(0, 2)));
      break;
    default:
      talk.frame(ws::Opcode::close, true, ws::encode_close(ws::CloseReason{code, ws::to_string(reason)}));
  }
  if (dice.one_in(3)) talk_aftermath(talk, dice);
}

void talk_after_fault(Conversation& talk, Dice& dice) {
  for (std::uint64_t i = dice.below(3); i > 0; --i) add_message(talk, dice);
  const bool inside = dice.one_in(4);
  if (inside) begin_message(talk, dice);
  step::Frame fault;
  fault.opcode = dice.one_in(2) ? ws::Opcode::text : ws::Opcode::binary;
  fault.payload = {recipe::Literal{text_of_length(dice, dice.below(12))}};
  switch (inside ? 7 : dice.below(7)) {
    case 0:
      fault.rsv = static_cast<std::uint8_t>(dice.between(1, 3));
      break;
    case 1:
      fault.opcode = static_cast<ws::Opcode>(dice.one_in(2) ? dice.between(3, 7) : dice.between(11, 15));
      break;
    case 2:
      fault.form.wrong_mask = true;
      break;
    case 3:
      fault.opcode = ws::Opcode::cont;
      break;
    case 4:
      fault = odd_control(dice);
      fault.fin = false;
      break;
    case 5:
      fault.opcode = ws::Opcode::text;
      fault.payload = {recipe::Literal{bad_code_point(dice)}};
      break;
    case 6:
      fault.opcode = ws::Opcode::close;
      fault.payload = {recipe::Literal{ws::encode_close(ws::CloseReason{1005, {}})}};
      break;
    default:
      break;  // a new message inside of one
  }
  talk.add({std::move(fault)});
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) talk_aftermath(talk, dice);
}

// --- permessage-deflate
// ------------------------------------------------------------------------------------------------

void talk_offers(Conversation& talk, Dice& dice) {
  ws::Bytes last;
  for (std::uint64_t i = dice.between(1, 4); i > 0; --i) {
    step::Message message;
    message.opcode = any_kind(dice);
    if (last.empty() || dice.one_in(3)) {
      // A block of its own again and again: matches at a distance that a small window does not reach.
      const ws::Bytes block = text_of_length(dice, dice.between(1, dice.one_in(3) ? 12'000 : 900));
      last.clear();
      for (std::uint64_t times = dice.between(1, 4); times > 0 && last.size() < 40'000; --times)
        ws::append(last, block);
    }
    message.payload = {recipe::Literal{last}};
    message.deflate = !dice.one_in(4);
    if (dice.one_in(3)) message.fragment = dice.between(1, std::min<std::uint64_t>(last.size(), 200)) + last.size() / 8;
    talk.add({std::move(message)});
  }
}

// --- Headers
// -----------------------------------------------------------------------------------------------------------------

void talk_forms(Conversation& talk, Dice& dice) {
  // Around the widths of integers: what a length is taken for when it does not fit.
  constexpr std::uint64_t kWidths[] = {0x7FFF,
                                       0x8000,
                                       0xFFFF,
                                       0x1'0000,
                                       0x7FFF'FFFF,
                                       0x8000'0000,
                                       0xFFFF'FFFF,
                                       0x1'0000'0000,
                                       std::uint64_t{1} << 53,
                                       INT64_MAX,
                                       std::uint64_t{1} << 63,
                                       0xFFFF'FFFF'0000'0000,
                                       UINT64_MAX};
  constexpr ws::Opcode kOpcodes[] = {ws::Opcode::cont, ws::Opcode::text, ws::Opcode::binary, ws::Opcode::ping,
                                     ws::Opcode::pong};
  if (dice.one_in(3)) add_message(talk, dice);
  step::Frame frame;
  frame.opcode = dice.one_in(6) ? static_cast<ws::Opcode>(dice.below(16)) : dice.pick(kOpcodes);
  frame.fin = !dice.one_in(4);
  if (dice.one_in(3)) frame.rsv = static_cast<std::uint8_t>(dice.below(8));
  const std::uint64_t length = ws::is_control(frame.opcode) ? dice.below(126) : any_length(dice, 70'000);
  frame.payload = {recipe::Literal{text_of_length(dice, length)}};
  switch (dice.below(8)) {
    case 0:
      frame.form.length_bits = 16;
      break;
    case 1:
      frame.form.length_bits = 64;
      break;
    case 2:
      frame.form.key = ws::MaskKey{};
      break;
    case 3:
      frame.form.key =
          ws::MaskKey{std::byte{0xFF}, std::byte{0}, static_cast<std::byte>(dice.below(256)), std::byte{0}};
      break;
    case 4:
      frame.form.wrong_mask = true;
      break;
    case 5:
      frame.form.wrong_mask_bit = true;
      break;
    case 6:
      frame.form.announces =
          std::max(dice.pick(kWidths), length + 1) + (dice.one_in(3) ? std::min<std::uint64_t>(length, 9) : 0);
      if (*frame.form.announces < length) frame.form.announces = UINT64_MAX;
      break;
    default:
      frame.form.cut = 1 + dice.below(length + 8);
  }
  const bool whole = frame.form.whole(), ends = frame.fin;
  talk.add({std::move(frame)});
  if (!whole) return;
  if (!ends) end_message(talk, dice);
  if (dice.one_in(2)) talk_aftermath(talk, dice);
}

}  // namespace touchstone::fuzz
