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
  deflate_ = deflate.has_value();
}

void Inbound::take(ws::ByteView octets) {
  while (!octets.empty()) {
    std::optional<ws::FrameHeader> begun;
    const bool in_payload = left_ > 0;
    const std::size_t n = recorder_.received(octets, [&](const ws::FrameHeader& header) { begun = header; });
    if (in_payload) {
      left_ -= n;
      hand_on(octets.first(n));
    } else {
      ws::append(held_, octets.first(n));
    }
    if (begun) begin_frame(*begun);
    octets = octets.subspan(n);
  }
}

void Inbound::begin_frame(const ws::FrameHeader& header) {
  on_header(header);
  ws::Bytes octets = std::exchange(held_, {});
  const std::size_t head = ws::header_size(std::span<const std::byte, 2>(octets.data(), 2));
  left_ = header.length - (octets.size() - head);
  if (!ends_empty_compressed(header)) return hand_on(octets);
  // C-37: such a message is weak, no fault. RFC 7692 7.2.3.6 has its proper form, a single 00.
  o_.empty_compressed = true;
  octets.clear();
  ws::encode_frame(header, ws::Bytes(1), octets);
  hand_on(octets);
}

bool Inbound::ends_empty_compressed(const ws::FrameHeader& header) {
  if (ws::is_control(header.opcode)) return false;
  if (header.opcode != ws::Opcode::cont) {
    compressed_ = header.rsv1;
    compressed_octets_ = 0;
  }
  compressed_octets_ += header.length;
  return deflate_ && compressed_ && header.fin && compressed_octets_ == 0;
}

void Inbound::hand_on(ws::ByteView octets) {
  receiver_->receive(octets);
  while (auto event = receiver_->next_event()) on_event(std::move(*event));
  receiver_->wrote(receiver_->output().size());
}

// What comes behind a Close is outside the receiver's interest, but not outside RFC 6455 5.5.1.
void Inbound::on_header(const ws::FrameHeader& header) {
  constexpr std::size_t kMostKeys = 10'000;
  if (header.mask && o_.mask_keys.size() < kMostKeys) {
    std::uint32_t key = 0;
    for (const std::byte octet : *header.mask) key = key << 8 | std::to_integer<std::uint32_t>(octet);
    o_.mask_keys.push_back(key);
  }
  if (!close_seen_) {
    close_seen_ = header.opcode == ws::Opcode::close;
    return;
  }
  if (header.opcode == ws::Opcode::close) see(Seen::Kind::close_again);
  if (!ws::is_control(header.opcode)) see(Seen::Kind::data_after_close);
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
    // The receiver drops all that comes behind a Close; which of it is forbidden is on_header()'s to say.
    if (failed->violation == ws::Violation::frame_after_close) return;
    o_.violation = failed->violation;
    o_.violation_offset = failed->offset;
  }
}

// RFC 6455 5.5.1 lets an endpoint repeat the code of the Close that it answers; that the code has no meaning is then
// the tester's doing (C-29). 1005, 1006 and 1015 are never sent, not even so (7.4.1).
bool Inbound::repeats_our_code() {
  namespace cc = ws::close_code;
  const Entry* last = recorder_.last_received();
  if (last == nullptr || last->octets.size() < 2 || !o_.sent_close_in_steps) return false;
  const auto octets = ws::as_octets(last->octets);
  const auto code =
      static_cast<std::uint16_t>(std::to_integer<unsigned>(octets[0]) << 8 | std::to_integer<unsigned>(octets[1]));
  if (code != o_.local_close_code || code == cc::kNoStatus || code == cc::kAbnormal || code == cc::kTlsHandshake)
    return false;
  o_.repeated_our_bad_code = true;
  o_.close = ws::CloseReason{code, last->octets.substr(2)};
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

void Inbound::sent(ws::Opcode opcode, bool fin, ws::ByteView payload) {
  if (opcode == ws::Opcode::ping) o_.sent_pings.push_back({ws::to_string(payload), false, {}});
  if (opcode == ws::Opcode::pong) o_.sent_pongs.push_back(ws::to_string(payload));
  if (opcode == ws::Opcode::text || opcode == ws::Opcode::binary) {
    partial_opcode_ = opcode;
    partial_.assign(payload.begin(), payload.end());
  } else if (opcode == ws::Opcode::cont && partial_opcode_) {
    ws::append(partial_, payload);
  } else {
    return;
  }
  if (fin) {
    sent_message(*partial_opcode_, std::exchange(partial_, {}));
    partial_opcode_.reset();
  }
}

void Inbound::sent_message(ws::Opcode opcode, ws::Bytes payload) {
  const std::uint64_t length = payload.size();
  o_.sent_messages.push_back({opcode, length, std::make_shared<const ws::Bytes>(std::move(payload))});
}

}  // namespace touchstone
