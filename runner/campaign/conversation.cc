#include "runner/campaign/conversation.h"

#include "runner/campaign/contents.h"
#include "runner/catalogue/rsv.h"

#include <algorithm>
#include <span>

namespace touchstone::fuzz {
namespace {

std::vector<ws::Bytes> cut_at(ws::ByteView octets, const std::vector<std::size_t>& cuts) {
  std::vector<ws::Bytes> out;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    const std::size_t at = std::clamp(cut, from, octets.size());
    out.push_back(ws::to_bytes(octets.subspan(from, at - from)));
    from = at;
  }
  out.push_back(ws::to_bytes(octets.subspan(from)));
  return out;
}

}  // namespace

Conversation::Conversation(Dice& dice, bool deflate) : dice_(dice) {
  if (!deflate) return;
  case_.needs_deflate = true;
  case_.offer = {"permessage-deflate"};
  constexpr int kLevels[] = {0, 1, 1, 6, 9};
  deflater_.emplace(15, false, dice.pick(kLevels));
}

void Conversation::frame(ws::Opcode opcode, bool fin, ws::Bytes payload, std::uint8_t rsv) {
  step::Frame frame;
  frame.opcode = opcode;
  frame.fin = fin;
  frame.rsv = rsv;
  frame.payload = payload_of(std::move(payload));
  add({std::move(frame)});
}

void Conversation::control() {
  const bool pong = dice_.one_in(3);
  const std::uint64_t length = dice_.one_in(4) ? dice_.between(120, ws::kMaxControlPayload) : dice_.below(40);
  frame(pong ? ws::Opcode::pong : ws::Opcode::ping, true, octets_of_length(dice_, length));
}

void Conversation::sentinel() { add({step::Sentinel{}}); }

void Conversation::close(std::optional<std::uint16_t> code, ws::Bytes reason) {
  add({step::Close{code, payload_of(std::move(reason))}});
}

void Conversation::frames(ws::Opcode opcode, std::uint8_t rsv, const std::vector<ws::Bytes>& fragments, bool noise) {
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if (noise && i > 0) {
      while (dice_.one_in(3)) control();
    }
    frame(i == 0 ? opcode : ws::Opcode::cont, i + 1 == fragments.size(), fragments[i], i == 0 ? rsv : std::uint8_t{0});
  }
}

void Conversation::message(ws::Opcode opcode, ws::ByteView octets, bool compress, const std::vector<std::size_t>& cuts,
                           bool noise) {
  if (!compress || !deflater_) return frames(opcode, 0, cut_at(octets, cuts), noise);
  if (dice_.one_in(2)) {
    // Each piece is all there when its fragment is.
    std::vector<ws::Bytes> fragments = cut_at(octets, cuts);
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      ws::Bytes data;
      deflater_->compress(fragments[i], i + 1 == fragments.size(), data);
      fragments[i] = std::move(data);
    }
    return frames(opcode, kRsv1, fragments, noise);
  }
  ws::Bytes data;
  deflater_->compress(octets, true, data);
  std::vector<std::size_t> within;
  for (std::size_t i = 0; i < cuts.size(); ++i)
    within.push_back(static_cast<std::size_t>(dice_.below(data.size() + 1)));
  std::ranges::sort(within);
  frames(opcode, kRsv1, cut_at(data, within), noise);
}

void Conversation::compressed(ws::Opcode opcode, ws::ByteView data, const std::vector<std::size_t>& cuts) {
  frames(opcode, kRsv1, cut_at(data, cuts), false);
}

std::vector<std::size_t> Conversation::any_cuts(ws::ByteView octets) {
  std::vector<std::size_t> cuts;
  const std::size_t size = octets.size();
  const auto anywhere = [&] { return static_cast<std::size_t>(dice_.below(size + 1)); };
  switch (dice_.below(8)) {
    case 0:
    case 1:
      break;
    case 2:
      cuts.push_back(anywhere());
      break;
    case 3:
      for (std::uint64_t i = dice_.between(2, 6); i > 0; --i) cuts.push_back(anywhere());
      break;
    case 4: {  // the same one twice: an empty fragment, first, last or in the middle
      const std::size_t at = dice_.one_in(3) ? 0 : dice_.one_in(2) ? size : anywhere();
      cuts.assign(static_cast<std::size_t>(dice_.between(1, 3)), at);
      if (at > 0 && at < size && cuts.size() == 1) cuts.push_back(at);
      break;
    }
    case 5:
      cuts.push_back(static_cast<std::size_t>(boundary(dice_, size)));
      break;
    case 6: {  // each octet alone
      const std::size_t from = anywhere();
      for (std::size_t i = 0; i < 8 && from + i < size; ++i) cuts.push_back(from + i);
      break;
    }
    default: {
      const auto inside = inside_code_points(octets.first(std::min<std::size_t>(size, 8192)));
      if (inside.empty()) {
        cuts.push_back(anywhere());
      } else {
        for (std::uint64_t i = dice_.between(1, 3); i > 0; --i) cuts.push_back(dice_.pick(inside));
        if (dice_.one_in(3)) cuts.push_back(cuts.front());
      }
    }
  }
  std::ranges::sort(cuts);
  return cuts;
}

}  // namespace touchstone::fuzz
