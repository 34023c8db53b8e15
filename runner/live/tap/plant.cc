#include "runner/live/tap/plant.h"

#include "runner/catalogue/read_case.h"

#include <ws/core/mask.h>

#include <algorithm>
#include <array>

namespace touchstone::tap {
namespace {

constexpr std::array<std::string_view, 11> kChanges = {"mask-bit", "unmask", "mask",   "rsv",    "opcode", "fin",
                                                       "payload",  "drop",   "repeat", "insert", "cut"};
constexpr ws::MaskKey kKey = {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};  // RFC 6455 5.7
constexpr std::byte kMaskBit{0x80}, kFin{0x80};

}  // namespace

std::string_view name(Plant::Change change) noexcept { return kChanges[static_cast<std::size_t>(change)]; }

Plant read_plant(const Cursor& c) {
  Plant plant;
  if (!c.object({"from", "frame", "change"}, {"value", "octets", "by", "every"})) return plant;
  if (c.has("from")) {
    const auto from = c.at("from").text();
    if (from != "client" && from != "server") c.at("from").wrong("client or server");
    plant.from = from == "server" ? ws::Role::server : ws::Role::client;
  }
  if (c.has("frame")) plant.frame = c.at("frame").number(1, UINT64_MAX).value_or(1);
  if (c.has("every")) plant.every = c.at("every").boolean().value_or(false);
  if (c.has("change")) {
    const auto found = std::ranges::find(kChanges, c.at("change").text().value_or(""));
    if (found == kChanges.end()) {
      c.at("change").wrong("mask-bit, unmask, mask, rsv, opcode, fin, payload, drop, repeat, insert or cut");
    } else {
      plant.change = static_cast<Plant::Change>(found - kChanges.begin());
    }
  }
  using Change = Plant::Change;
  const std::uint64_t most = plant.change == Change::rsv ? 7 : plant.change == Change::opcode ? 15 : UINT64_MAX;
  if (c.has("value")) plant.value = c.at("value").number(0, most).value_or(0);
  if ((plant.change == Change::rsv || plant.change == Change::opcode) && !c.has("value"))
    c.fault("no value", "the bits of rsv, or the opcode, as value");
  if (c.has("octets")) plant.octets = PayloadGenerator(1).make(read_payload(c.at("octets")));
  if ((plant.change == Change::insert) != c.has("octets")) c.fault("octets", "octets with insert, and only there");
  if (c.has("by")) {
    const auto how = c.at("by").text();
    if (how != "fin" && how != "reset") c.at("by").wrong("fin or reset");
    plant.by_reset = how == "reset";
  }
  return plant;
}

void Planter::add(const Plant& plant) {
  if (plant.from == from_) plants_.push_back(plant);
}

ws::Bytes Planter::take(ws::ByteView octets) {
  ws::Bytes out;
  while (!octets.empty() && !cut_) {
    const auto step = walker_.take(octets);
    octets = octets.subspan(step.taken);
    if (step.begun) begin_frame(out);
    if (!step.payload.empty()) take_payload(step, out);
    if (walker_.complete()) end_frame(out);
  }
  return out;
}

ws::Bytes Planter::rest() {
  if (walker_.header() != nullptr) return {};
  return ws::to_bytes(walker_.head());
}

void Planter::begin_frame(ws::Bytes& out) {
  ++frame_;
  drop_ = repeat_ = false;
  remask_.reset();
  spoilt_.reset();
  left_.reset();
  copy_.clear();
  ws::Bytes head = ws::to_bytes(walker_.head());
  for (const Plant& plant : plants_) {
    if (plant.frame != frame_ && !(plant.every && frame_ > plant.frame)) continue;
    apply(plant, head, out);
    if (on_planted) on_planted(plant, frame_);
  }
  if (left_) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(*left_, head.size()));
    head.resize(n);
    *left_ -= n;
  }
  if (!drop_) ws::append(out, head);
  if (repeat_) copy_ = head;
  if (left_ == 0) cut_ = cut_how_;
}

void Planter::apply(const Plant& plant, ws::Bytes& head, ws::Bytes& out) {
  const bool masked = (head[1] & kMaskBit) != std::byte{0};
  const auto own_key = walker_.header()->mask;
  switch (plant.change) {
    case Plant::Change::mask_bit:
      head[1] ^= kMaskBit;
      return;
    case Plant::Change::unmask:
      if (!masked || !own_key) return;
      head[1] ^= kMaskBit;
      head.resize(head.size() - own_key->size());
      remask_ = own_key;
      return;
    case Plant::Change::mask:
      if (masked) return;
      head[1] ^= kMaskBit;
      ws::append(head, kKey);
      remask_ = kKey;
      return;
    case Plant::Change::rsv:
      head[0] ^= static_cast<std::byte>(plant.value << 4);
      return;
    case Plant::Change::opcode:
      head[0] = (head[0] & std::byte{0xf0}) | static_cast<std::byte>(plant.value);
      return;
    case Plant::Change::fin:
      head[0] ^= kFin;
      return;
    case Plant::Change::payload:
      spoilt_ = plant.value;
      return;
    case Plant::Change::drop:
      drop_ = true;
      return;
    case Plant::Change::repeat:
      repeat_ = true;
      return;
    case Plant::Change::insert:
      ws::append(out, plant.octets);
      return;
    case Plant::Change::cut:
      left_ = plant.value;
      cut_how_ = plant.by_reset;
      return;
  }
}

void Planter::take_payload(const ws::rules::FrameWalker::Step& step, ws::Bytes& out) {
  ws::Bytes payload = ws::to_bytes(step.payload);
  if (remask_) ws::apply_mask(payload, *remask_, static_cast<std::size_t>(step.at % 4));
  if (spoilt_ && *spoilt_ >= step.at && *spoilt_ < step.at + payload.size())
    payload[static_cast<std::size_t>(*spoilt_ - step.at)] ^= std::byte{1};
  if (left_) {
    payload.resize(static_cast<std::size_t>(std::min<std::uint64_t>(*left_, payload.size())));
    *left_ -= payload.size();
  }
  if (!drop_) ws::append(out, payload);
  if (repeat_) ws::append(copy_, payload);
  if (left_ == 0) cut_ = cut_how_;
}

void Planter::end_frame(ws::Bytes& out) {
  if (repeat_ && !drop_) ws::append(out, copy_);
  if (left_) cut_ = cut_how_;
}

}  // namespace touchstone::tap
