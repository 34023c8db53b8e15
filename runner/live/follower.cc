#include "runner/live/follower.h"

#include <ws/core/mask.h>

#include <algorithm>
#include <utility>

namespace touchstone {

Follower::Follower(ws::Role who, const std::optional<ws::DeflateParams>& deflate) {
  if (!deflate) return;
  const bool client = who == ws::Role::client;
  inflater_.emplace(client ? deflate->client_max_window_bits : deflate->server_max_window_bits,
                    client ? deflate->client_no_context_takeover : deflate->server_no_context_takeover);
}

void Follower::take(ws::ByteView octets) {
  while (!octets.empty()) {
    const auto step = walker_.take(octets);
    octets = octets.subspan(step.taken);
    if (step.begun && !ws::is_control(walker_.header()->opcode)) {
      if (!opcode_) opcode_ = walker_.header()->opcode;
      if (walker_.header()->opcode != ws::Opcode::cont) compressed_ = inflater_ && walker_.header()->rsv1;
    }
    if (!step.payload.empty()) take_payload(step);
    if (walker_.complete()) end_frame();
  }
}

void Follower::take_payload(const ws::rules::FrameWalker::Step& step) {
  const ws::FrameHeader& header = *walker_.header();
  const bool control = ws::is_control(header.opcode);
  ws::Bytes& into = control ? control_ : message_;
  if (!control) octets_ += step.payload.size();
  const std::size_t most = control ? kMostControl : kMostKept;
  const std::size_t begin = into.size();
  ws::append(into, step.payload.first(std::min(step.payload.size(), most - std::min(most, begin))));
  if (header.mask) ws::apply_mask(std::span(into).subspan(begin), *header.mask, static_cast<std::size_t>(step.at % 4));
}

void Follower::end_frame() {
  const ws::FrameHeader header = *walker_.header();
  SaidFrame frame{header, std::exchange(control_, {})};
  if (on_frame) on_frame(frame);
  if (!ws::is_control(header.opcode) && header.fin) end_message();
}

void Follower::end_message() {
  SaidMessage message{*opcode_, std::exchange(message_, {}), std::exchange(octets_, 0)};
  opcode_.reset();
  if (std::exchange(compressed_, false)) {
    ws::Bytes plain;
    const bool good = message.data.size() == message.length && inflater_ &&
                      inflater_->inflate(message.data, kMostKept, plain) && inflater_->finish(kMostKept, plain);
    if (good) {
      message.data = std::move(plain);
      message.length = message.data.size();
    } else {
      inflater_.reset();  // an inflater is of no more use after an error
      message.garbled = true;
    }
  }
  if (on_message) on_message(std::move(message));
}

}  // namespace touchstone
