#include "runner/proxy/units.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/frame.h>
#include <ws/core/mask.h>
#include <ws/rules/frame_walker.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace touchstone::proxy {
namespace {

constexpr std::size_t kMostCompared = 32 * 1024 * 1024;

// A message or a control frame, masked or not, without its masking key and without its cuts.
struct Unit {
  ws::Opcode opcode = ws::Opcode::text;
  bool masked = false;
  ws::Bytes payload;
  bool operator==(const Unit&) const = default;
};

// A frame without its masking.
struct PlainFrame {
  ws::FrameHeader header;
  ws::Bytes payload;
  bool operator==(const PlainFrame& other) const {
    const auto head = [](const ws::FrameHeader& h) { return std::tuple(h.fin, h.rsv1, h.rsv2, h.rsv3, h.opcode); };
    return head(header) == head(other.header) && payload == other.payload;
  }
};

// The first one, which goes from `octets`; nothing: there is no whole one.
std::optional<PlainFrame> take_frame(ws::ByteView& octets) {
  ws::rules::FrameWalker walker;
  PlainFrame frame;
  while (!octets.empty() && !walker.complete()) {
    const auto step = walker.take(octets);
    if (step.taken == 0) return std::nullopt;
    ws::Bytes part = ws::to_bytes(step.payload);
    const auto* header = walker.header();
    if (header != nullptr && header->mask) ws::apply_mask(part, *header->mask, step.at);
    ws::append(frame.payload, part);
    octets = octets.subspan(step.taken);
  }
  if (!walker.complete()) return std::nullopt;
  frame.header = *walker.header();
  return frame;
}

std::optional<std::vector<PlainFrame>> data_frames(ws::ByteView octets) {
  std::vector<PlainFrame> frames;
  while (!octets.empty()) {
    auto frame = take_frame(octets);
    if (!frame) return std::nullopt;
    if (!ws::is_control(frame->header.opcode)) frames.push_back(std::move(*frame));
  }
  return frames;
}

// Reads octets as frames.
class UnitReader {
 public:
  explicit UnitReader(Extension extension) : extension_(extension), inflater_(15, false) {}

  // Nothing when they are not whole legal frames whose messages can be read.
  std::optional<std::vector<Unit>> read(ws::ByteView octets) {
    while (!octets.empty()) {
      auto frame = take_frame(octets);
      if (!frame || !add(frame->header, Unit{frame->header.opcode, false, std::move(frame->payload)}))
        return std::nullopt;
    }
    if (message_) return std::nullopt;
    return std::move(units_);
  }

 private:
  bool add(const ws::FrameHeader& header, Unit unit) {
    unit.opcode = header.opcode;
    unit.masked = header.mask.has_value();
    if (header.rsv2 || header.rsv3) return false;
    if (ws::is_control(unit.opcode)) {
      if (!header.fin || header.rsv1) return false;
      units_.push_back(std::move(unit));
      return true;
    }
    if ((unit.opcode == ws::Opcode::cont) != message_.has_value()) return false;
    if (header.rsv1 && (message_ || extension_ != Extension::deflate)) return false;
    if (!message_) {
      message_ = Unit{unit.opcode, unit.masked, {}};
      compressed_ = header.rsv1;
    }
    if (message_->masked != unit.masked) return false;
    ws::append(message_->payload, unit.payload);
    return !header.fin || end_message();
  }

  bool end_message() {
    if (compressed_) {
      ws::Bytes plain;
      if (!inflater_.inflate(message_->payload, kMostCompared, plain) || !inflater_.finish(kMostCompared, plain))
        return false;
      message_->payload = std::move(plain);
    }
    units_.push_back(std::move(*message_));
    message_.reset();
    return true;
  }

  Extension extension_;
  ws::Inflater inflater_;
  std::vector<Unit> units_;
  std::optional<Unit> message_;
  bool compressed_ = false;
};

}  // namespace

Extension agreed_extension(const std::vector<HeadSeen>& answers) {
  for (const HeadSeen& head : answers) {
    std::vector<std::string_view> all;
    for (const auto value : ws::field_values(head.fields, "Sec-WebSocket-Extensions"))
      std::ranges::copy(ws::list_elements(value), std::back_inserter(all));
    if (all.empty()) continue;
    return all.size() == 1 && all.front() == "permessage-deflate" ? Extension::deflate : Extension::unknown;
  }
  return Extension::none;
}

bool says_the_same(ws::ByteView got, ws::ByteView sent, Extension extension, bool takes_part) {
  if (got.size() > kMostCompared || sent.size() > kMostCompared) return false;
  if (extension == Extension::unknown) {
    // RFC 6455 5.4: neither the cuts nor the reserved bits change; masking is of one connection (5.3).
    if (!takes_part) return false;
    const auto a = data_frames(got), b = data_frames(sent);
    return a && b && *a == *b;
  }
  auto a = UnitReader(extension).read(got), b = UnitReader(extension).read(sent);
  if (!a || !b) return false;
  for (auto* units : {&*a, &*b}) {
    if (takes_part) std::erase_if(*units, [](const Unit& unit) { return ws::is_control(unit.opcode); });
  }
  return *a == *b;
}

}  // namespace touchstone::proxy
