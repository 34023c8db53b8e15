#include "runner/engine/talk/inbound.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

// A hostile endpoint cannot make the tester remember more than this.
constexpr std::size_t kMaxSeen = 500'000;
constexpr std::size_t kMaxKept = 64 * 1024 * 1024;  // octets of messages that were not expected

// The receiver must not be what stops a large echo.
ws::Limits receiver_limits() {
  ws::Limits limits;
  limits.frame = limits.message = 256 * 1024 * 1024;
  limits.fragments = 1 << 26;
  return limits;
}

}  // namespace

void Inbound::open(ws::Role role, const std::optional<ws::DeflateParams>& deflate) {
  ws::Options options;
  options.role = role;
  options.limits = receiver_limits();
  options.mask_key = [] { return ws::MaskKey{}; };  // nothing of its output is sent
  options.nonce = [] { return std::string(); };
  receiver_.emplace(ws::Connection::opened(std::move(options), deflate));
  own_frames_.emplace(deflate.has_value());
}

void Inbound::take(ws::ByteView octets) {
  while (!octets.empty()) {
    const auto step = recorder_.received(octets);
    if (step.begun) begin_frame();
    if (!step.payload.empty()) hand_on(step.payload);
    octets = octets.subspan(step.taken);
  }
}

void Inbound::begin_frame() {
  const ws::FrameHeader& header = *recorder_.frame().header();
  const auto broken = own_frames_->take(header);
  if (broken.second_close) see(Seen::Kind::close_again);
  if (broken.data_after_close) see(Seen::Kind::data_after_close);
  const auto& keys = own_frames_->mask_keys();
  if (keys.size() > o_.mask_keys.size()) {
    o_.mask_keys.push_back(keys.back());
    if (history_) history_->saw(keys.back());
  }
  if (!broken.empty_compressed) return hand_on(recorder_.frame().head());
  // C-37: such a message is weak, no fault.
  o_.empty_compressed = true;
  hand_on(ws::rules::proper_empty_compressed(header));
}

void Inbound::hand_on(ws::ByteView octets) {
  receiver_->receive(octets);
  while (auto event = receiver_->next_event()) on_event(std::move(*event));
  receiver_->wrote(receiver_->output().size());
}

void Inbound::on_event(ws::Event event) {
  if (auto* text = std::get_if<ws::event::Text>(&event)) return on_message(ws::Opcode::text, ws::as_octets(text->data));
  if (auto* binary = std::get_if<ws::event::Binary>(&event)) return on_message(ws::Opcode::binary, binary->data);
  if (auto* pong = std::get_if<ws::event::Pong>(&event)) return on_pong(pong->payload);
  if (auto* ping = std::get_if<ws::event::Ping>(&event)) {
    see(Seen::Kind::ping, ws::to_string(ping->payload));
    if (!o_.flooded) pings_to_answer.push_back(std::move(ping->payload));
  } else if (auto* close = std::get_if<ws::event::Close>(&event)) {
    o_.close = std::move(close->reason);
    see(Seen::Kind::close);
  } else if (auto* failed = std::get_if<ws::event::Failed>(&event)) {
    if (failed->violation == ws::Violation::close_code_invalid && repeats_our_code()) return;
    // The receiver drops all that comes behind a Close; which of it is forbidden is for OwnFrames to say.
    if (failed->violation == ws::Violation::frame_after_close) return;
    o_.violation = failed->violation;
    o_.violation_offset = failed->offset;
    const Entry* last = recorder_.last_received();
    if (failed->violation == ws::Violation::close_code_invalid && last != nullptr)
      o_.bad_close_code = ws::close_code_of(ws::as_octets(last->octets));
  }
}

// That the code has no meaning is then the tester's doing (C-29).
bool Inbound::repeats_our_code() {
  const Entry* last = recorder_.last_received();
  if (last == nullptr || !o_.sent_close_in_steps) return false;
  const auto code = ws::close_code_of(ws::as_octets(last->octets));
  if (!code || !ws::rules::may_repeat(*code, o_.local_close_code)) return false;
  o_.repeated_our_bad_code = true;
  o_.close = ws::CloseReason{*code, last->octets.substr(2)};
  see(Seen::Kind::close);
  return true;
}

void Inbound::on_message(ws::Opcode opcode, ws::ByteView octets) {
  const std::size_t i = o_.messages.size();
  SeenMessage message{.opcode = opcode, .length = octets.size(), .as_sent = false, .octets = {}};
  if (i < o_.sent_messages.size()) {
    SentMessage& sent = o_.sent_messages[i];
    message.as_sent = sent.opcode == opcode && sent.octets && std::ranges::equal(*sent.octets, octets);
    if (message.as_sent && let_go_) sent.octets.reset();
  }
  if (!message.as_sent) {
    message.octets = ws::to_bytes(octets.first(std::min(octets.size(), kMaxKept - kept_)));
    kept_ += message.octets.size();
  }
  if (!let_go_) {
    recorder_.annotate_received(fmt::format("completes {} message {} of {} octets{}", ws::name(opcode), i + 1,
                                            octets.size(), message.as_sent ? ", as sent" : ""));
  }
  if (!o_.flooded) o_.messages.push_back(std::move(message));
  see(Seen::Kind::message, {}, i);
}

// Pongs come in the order of the Pings; one Pong may stand for all Pings before it (RFC 6455 5.5.3).
void Inbound::on_pong(ws::ByteView payload) {
  see(Seen::Kind::pong, ws::to_string(payload));
  for (std::size_t i = answered_; i < o_.sent_pings.size(); ++i) {
    if (o_.sent_pings[i].payload != ws::as_text(payload)) continue;
    answered_ = i + 1;
    return;
  }
}

void Inbound::see(Seen::Kind kind, std::string payload, std::size_t message) {
  o_.flooded = o_.flooded || o_.seen.size() >= kMaxSeen;
  if (!o_.flooded) o_.seen.push_back({.kind = kind, .message = message, .payload = std::move(payload)});
}

void Inbound::sent(ws::Opcode opcode, bool fin, ws::ByteView payload, bool rsv1) {
  if (opcode == ws::Opcode::ping) o_.sent_pings.push_back({ws::to_string(payload), false, {}});
  if (opcode == ws::Opcode::pong) o_.sent_pongs.push_back(ws::to_string(payload));
  if (opcode == ws::Opcode::text || opcode == ws::Opcode::binary) {
    partial_opcode_ = opcode;
    partial_as_data_ = rsv1;
    partial_.assign(payload.begin(), payload.end());
  } else if (opcode == ws::Opcode::cont && partial_opcode_) {
    ws::append(partial_, payload);
  } else {
    return;
  }
  if (fin) {
    sent_message(*partial_opcode_, std::exchange(partial_, {}));
    o_.sent_messages.back().as_data = partial_as_data_;
    partial_opcode_.reset();
  }
}

void Inbound::sent_message(ws::Opcode opcode, ws::Bytes payload) {
  const std::uint64_t length = payload.size();
  o_.sent_messages.push_back({opcode, length, std::make_shared<const ws::Bytes>(std::move(payload))});
}

}  // namespace touchstone
