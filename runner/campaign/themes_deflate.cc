// themes_deflate.cc - conversations about DEFLATE data and the window that messages share (RFC 7692 7.2).
#include "runner/campaign/contents.h"
#include "runner/campaign/deflate_blocks.h"
#include "runner/campaign/themes.h"

#include <algorithm>

namespace touchstone::fuzz {
namespace {

ws::Opcode text_or_binary(Dice& dice) { return dice.one_in(2) ? ws::Opcode::text : ws::Opcode::binary; }

std::vector<std::size_t> some_cuts(Dice& dice, std::size_t size) {
  std::vector<std::size_t> cuts;
  if (dice.one_in(2)) return cuts;
  for (std::uint64_t i = dice.between(1, 4); i > 0; --i) cuts.push_back(static_cast<std::size_t>(dice.below(size + 1)));
  std::ranges::sort(cuts);
  return cuts;
}

// One block, of octets that are text.
void add_block(DeflateBlocks& blocks, Dice& dice, std::uint64_t so_far) {
  const bool final = dice.one_in(6);
  switch (dice.below(so_far > 0 ? 5 : 3)) {
    case 0:
      return blocks.stored({}, final);
    case 1:
      return blocks.stored(text_of_length(dice, any_length(dice, 400)), final);
    case 2:
      return blocks.fixed(text_of_length(dice, dice.below(60)), 0, 0, final);
    default: {
      const ws::Bytes text = text_of_length(dice, dice.below(9));
      const auto distance = static_cast<std::uint32_t>(dice.between(1, std::min<std::uint64_t>(so_far, 60)));
      blocks.fixed(text, distance, static_cast<std::uint32_t>(dice.between(3, 258)), final);
    }
  }
}

// What no library takes for data: a block type that does not exist, a length that does not fit its complement.
ws::Bytes corrupt_data(Dice& dice) {
  DeflateBlocks blocks;
  if (dice.one_in(3)) blocks.stored(text_of_length(dice, dice.below(30)));
  if (dice.one_in(2)) {
    blocks.reserved();
    return blocks.take();
  }
  ws::Bytes data = blocks.take();
  data.back() = std::byte{0};
  for (const unsigned octet : {5U, 0U, 5U, 0U}) data.push_back(static_cast<std::byte>(octet));
  ws::append(data, text_of_length(dice, dice.between(5, 20)));
  return data;
}

}  // namespace

void talk_blocks(Conversation& talk, Dice& dice) {
  std::uint64_t so_far = 0;
  for (std::uint64_t i = dice.between(1, 4); i > 0; --i) {
    if (dice.one_in(6)) {
      add_message(talk, dice);  // of a context of its own
      continue;
    }
    if (dice.one_in(6)) {
      const ws::Bytes data = corrupt_data(dice);
      const ws::Opcode opcode = text_or_binary(dice);
      talk.compressed(opcode, data, some_cuts(dice, data.size()));
      continue;
    }
    DeflateBlocks blocks;
    for (std::uint64_t n = dice.between(1, 4); n > 0; --n) {
      add_block(blocks, dice, so_far);
      so_far += 3;  // at least, where it is no empty one: matches reach back a little
    }
    const ws::Bytes data = blocks.take();
    const ws::Opcode opcode = text_or_binary(dice);
    talk.compressed(opcode, data, some_cuts(dice, data.size()));
  }
}

void talk_window(Conversation& talk, Dice& dice) {
  std::uint64_t history = 0;
  std::vector<std::uint64_t> ends;  // of messages, from the beginning of all that was inflated
  const std::uint64_t large = dice.one_in(5) ? 40'000 : 3000;
  for (std::uint64_t i = dice.between(2, dice.one_in(4) ? 20 : 6); i > 0 && talk.steps() < 50; --i) {
    if (dice.one_in(5)) {
      // RFC 7692 7.2.2: what is not compressed is no part of the window.
      const ws::Opcode kind = text_or_binary(dice);
      talk.message(kind, text_of_length(dice, any_length(dice, 3000)), false, {});
      continue;
    }
    if (dice.one_in(6)) talk.control();
    DeflateBlocks blocks;
    std::uint64_t made = 0;
    if (history == 0 || dice.one_in(3)) {
      const ws::Bytes fresh = text_of_length(dice, any_length(dice, large));
      if (fresh.size() > 300 || dice.one_in(2)) {
        blocks.stored(fresh);
      } else {
        blocks.fixed(fresh);
      }
      made += fresh.size();
    }
    for (std::uint64_t n = dice.between(0, 3); n > 0 && history + made > 3; --n) {
      const std::uint64_t reach = std::min<std::uint64_t>(history + made, DeflateBlocks::kMostDistance);
      std::uint64_t distance = dice.one_in(3) ? reach : dice.one_in(2) ? boundary(dice, reach) : dice.between(1, reach);
      // To the very beginning of an earlier message, or to its end.
      if (!ends.empty() && dice.one_in(3))
        distance = std::clamp<std::uint64_t>(history + made - dice.pick(ends), 1, reach);
      const auto length = static_cast<std::uint32_t>(dice.between(3, dice.one_in(3) ? 258 : 12));
      blocks.fixed({}, static_cast<std::uint32_t>(std::max<std::uint64_t>(distance, 1)), length, dice.one_in(12));
      made += length;
    }
    history += made;
    ends.push_back(history);
    const ws::Bytes data = blocks.take();
    const ws::Opcode opcode = dice.one_in(3) ? ws::Opcode::text : ws::Opcode::binary;
    talk.compressed(opcode, data, some_cuts(dice, data.size()));
    if (dice.one_in(8)) talk.sentinel();
  }
}

}  // namespace touchstone::fuzz
