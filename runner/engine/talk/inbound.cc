#include "runner/engine/talk/inbound.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

// RFC 1951: one octet inflates to at most 1032. So many are inflated before what came of them is looked at.
constexpr std::size_t kInflatedAtOnce = 1024;
constexpr std::uint64_t kEcho = 2;  // what an octet of ours may bring: its echo, in frames as small as they like

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
  compressed_ = deflate.has_value();
}

void Inbound::take(ws::ByteView octets) {
  o_.flooded = o_.flooded || octets.size() > welcome_;
  welcome_ -= std::min<std::uint64_t>(octets.size(), welcome_);
  while (!octets.empty() && !o_.flooded) {
    const auto step = recorder_.received(octets);
    if (step.begun && has_room_for_a_frame()) begin_frame();
    if (!step.payload.empty()) hand_on(step.payload);
    if (recorder_.frame().complete()) end_frame();
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

void Inbound::end_frame() {
  const Entry* last = recorder_.last_received();
  if (last == nullptr || !o_.close) return;
  std::vector<std::string> after_fault;
  for (const SentPing& ping : o_.sent_pings)
    if (ping.after_fault) after_fault.push_back(ping.payload);
  if (own_frames_->answers_after_failing(ws::as_octets(last->octets), after_fault))
    see(Seen::Kind::answered_after_failing);
  if (recorder_.frame().header()->opcode == ws::Opcode::pong) on_pong_after_close(last->octets);
}

// The receiver drops it with all else. RFC 6455 5.5.1 forbids data after a Close; a Ping is answered until one has come
// (5.5.2).
void Inbound::on_pong_after_close(const std::string& payload) {
  for (std::size_t i = answered_; i < o_.sent_pings.size(); ++i) {
    if (o_.sent_pings[i].after_fault || o_.sent_pings[i].payload != payload) continue;
    answered_ = i + 1;
    return see(Seen::Kind::pong, payload);
  }
}

void Inbound::hand_on(ws::ByteView octets) {
  while (!octets.empty() && !o_.flooded) {
    const auto piece = octets.first(compressed_ ? std::min(octets.size(), kInflatedAtOnce) : octets.size());
    octets = octets.subspan(piece.size());
    receiver_->receive(piece);
    while (auto event = receiver_->next_event()) on_event(std::move(*event));
    if (const auto part = receiver_->take_piece())
      on_piece(part->is_text ? ws::Opcode::text : ws::Opcode::binary, part->data);
    receiver_->wrote(receiver_->output().size());
  }
}

void Inbound::on_event(ws::Event event) {
  if (auto* text = std::get_if<ws::event::Text>(&event)) return on_message(ws::Opcode::text, ws::as_octets(text->data));
  if (auto* binary = std::get_if<ws::event::Binary>(&event)) return on_message(ws::Opcode::binary, binary->data);
  if (auto* pong = std::get_if<ws::event::Pong>(&event)) return on_pong(pong->payload);
  if (auto* ping = std::get_if<ws::event::Ping>(&event)) {
    see(Seen::Kind::ping, ws::to_string(ping->payload));
    if (!o_.flooded && keep(ping->payload.size() + sizeof(ws::Bytes)))
      pings_to_answer.push_back(std::move(ping->payload));
  } else if (auto* close = std::get_if<ws::event::Close>(&event)) {
    o_.close = std::move(close->reason);
    see(Seen::Kind::close);
  } else if (auto* failed = std::get_if<ws::event::Failed>(&event)) {
    if (failed->violation == ws::Violation::close_code_invalid && repeats_our_code()) return;
    // The receiver drops all that comes after a Close; which of it is forbidden is for OwnFrames to say.
    if (failed->violation == ws::Violation::frame_after_close) return;
    // What is too much for the tester is no fault of the endpoint's (RFC 6455 10.4 binds who receives).
    if (ws::rule(failed->violation).close_code == ws::close_code::kMessageTooBig) {
      o_.flooded = true;
      return;
    }
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

SentMessage* Inbound::like_this() noexcept {
  const std::size_t i = o_.messages.size();
  if (i >= o_.sent_messages.size() || !o_.sent_messages[i].octets) return nullptr;
  return &o_.sent_messages[i];
}

bool Inbound::has_room_for_a_frame() {
  o_.flooded = frames_ == 0;
  if (!o_.flooded) --frames_;
  return !o_.flooded;
}

bool Inbound::keep(std::size_t octets) {
  o_.flooded = !recorder_.budget().take(octets);
  return !o_.flooded;
}

void Inbound::on_piece(ws::Opcode opcode, ws::ByteView octets) {
  if (octets.empty() || o_.flooded) return;
  const auto at = static_cast<std::size_t>(incoming_.length);
  incoming_.length += octets.size();
  const SentMessage* ours = like_this();
  const bool repeats = !incoming_.differs && ours != nullptr && ours->opcode == opcode &&
                       incoming_.length <= ours->octets->size() &&
                       std::ranges::equal(ws::ByteView(*ours->octets).subspan(at, octets.size()), octets);
  if (repeats) return;
  if (!keep(octets.size() + (incoming_.differs ? 0 : at))) return;
  // What came so far was as ours, or there is nothing of it.
  if (!std::exchange(incoming_.differs, true) && at > 0)
    incoming_.octets = ws::to_bytes(ws::ByteView(*ours->octets).first(at));
  ws::append(incoming_.octets, octets);
}

void Inbound::on_message(ws::Opcode opcode, ws::ByteView rest) {
  on_piece(opcode, rest);
  Incoming whole = std::exchange(incoming_, {});
  if (o_.flooded) return;
  const std::size_t i = o_.messages.size();
  SeenMessage message{.opcode = opcode, .length = whole.length, .as_sent = false, .octets = {}};
  // The endpoint may have begun to repeat what the tester had not yet ended.
  if (SentMessage* ours = like_this(); ours != nullptr && ours->opcode == opcode && ours->length == whole.length) {
    message.as_sent = !whole.differs || *ours->octets == whole.octets;
    if (message.as_sent && let_go_) ours->octets.reset();
  }
  if (!message.as_sent && own_words_ > 0) {
    --own_words_;
    recorder_.budget().give_back(whole.octets.size());
    return recorder_.annotate_received("completes a message of its own, which is not compared");
  }
  if (message.as_sent) {
    recorder_.budget().give_back(whole.octets.size());
  } else if (!whole.differs && whole.length > 0) {  // the beginning of ours
    whole.octets = ws::to_bytes(ws::ByteView(*like_this()->octets).first(static_cast<std::size_t>(whole.length)));
    if (!keep(whole.octets.size())) return;
  }
  if (!message.as_sent) message.octets = std::move(whole.octets);
  if (!let_go_) {
    recorder_.annotate_received(fmt::format("completes {} message {} of {} octets{}", ws::name(opcode), i + 1,
                                            whole.length, message.as_sent ? ", as sent" : ""));
  }
  if (!keep(sizeof(SeenMessage))) return;
  o_.messages.push_back(std::move(message));
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
  if (!o_.flooded && keep(sizeof(Seen) + payload.size()))
    o_.seen.push_back({.kind = kind, .message = message, .payload = std::move(payload)});
}

void Inbound::sent(ws::Opcode opcode, bool fin, ws::ByteView payload, bool rsv1) {
  if (opcode == ws::Opcode::ping) {
    welcome_ += kEcho * payload.size();
    ++frames_;
    o_.sent_pings.push_back({.payload = ws::to_string(payload), .mark = {}, .seen_before = o_.seen.size()});
  }
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
  welcome_ += kEcho * length;
  frames_ += 1 + length;
  o_.sent_messages.push_back({opcode, length, std::make_shared<const ws::Bytes>(std::move(payload))});
}

}  // namespace touchstone
