#include <ws/core/mask.h>
#include <ws/core/utf8.h>
#include <ws/testing/faults/deviant.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace ws::testing {
namespace {

constexpr std::uint64_t kMostInflated = 64 * 1024 * 1024;
constexpr std::uint64_t kMostSetAside = 1024 * 1024 * 1024;
constexpr std::uint64_t kLarge = 1000;  // octets of an unfinished message
constexpr std::uint64_t kHighBit = std::uint64_t{1} << 63;

bool is_data(const FrameHeader& header) { return !is_control(header.opcode); }

void set_code(Bytes& close, std::uint16_t code) {
  close.resize(std::max<std::size_t>(close.size(), 2));
  std::ranges::copy(encode_close(CloseReason{code, {}}), close.begin());
}

}  // namespace

void Deviant::take_frames(ByteView octets) {
  phase_in_key_ = 0;
  while (phase_ == Phase::open) {
    if (!header_) {
      if (octets.empty()) return misread_cut_header();
      octets = octets.subspan(take_header(octets));
      if (wire_.header()) begin_frame();
    } else if (left_ > 0) {
      if (octets.empty()) return;
      const auto piece = octets.first(static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), left_)));
      octets = octets.subspan(piece.size());
      left_ -= piece.size();
      take_payload(piece);
    }
    if (header_ && left_ == 0 && phase_ == Phase::open) end_frame();
  }
}

// A read ended, and what is there of a header is taken for all of it.
void Deviant::misread_cut_header() {
  const std::size_t have = wire_.octets().size();
  if (have == 0) return;
  if (have == 1 && is(Fault::loses_first_octet)) return wire_.clear();
  if (have == 1 && !is(Fault::completes_first_octet)) return;
  std::size_t length = 0;  // octets of the extended length
  if (have > 1) {
    const auto form = std::to_integer<unsigned>(wire_.octets()[1]) & 0x7f;
    length = form == 127 ? 8 : form == 126 ? 2 : 0;
  }
  const bool misreads = have == 1 || (have == 2 && length > 0 && is(Fault::completes_length_form)) ||
                        (have > 2 && have < 2 + length && is(Fault::completes_length)) ||
                        (have > 2 + length && is(Fault::completes_key));
  if (!misreads) return;
  const std::size_t end = have == 1 ? 2 : have < 2 + length ? 2 + length : 6 + length;
  const Bytes rest(end - have);
  wire_.take(rest);
  if (wire_.header()) begin_frame();
  if (header_ && left_ == 0 && phase_ == Phase::open) end_frame();
}

// Octets of the header as this endpoint reads it.
std::size_t Deviant::take_header(ByteView octets) {
  if (!is(Fault::ignores_mask_bit) && !is(Fault::ignores_mask_bit_of_server)) return wire_.take(octets);
  constexpr std::byte kMask{0x80};
  std::byte octet = octets.front();
  if (wire_.octets().size() == 1) octet = is(Fault::ignores_mask_bit) ? octet | kMask : octet & ~kMask;
  return wire_.take(ByteView(&octet, 1));
}

void Deviant::begin_frame() {
  append(out_, std::exchange(held_pongs_, {}));
  const FrameHeader wire = *wire_.header();
  FrameHeader header = wire;
  mend_header(header);
  wire_key_ = wire.mask;
  payload_.clear();
  taken_ = 0;
  left_ = header.length;
  drop_ = drops(header);
  if (is(Fault::sets_memory_aside))
    set_aside_.assign(static_cast<std::size_t>(std::min(header.length, kMostSetAside)), std::byte{1});
  whole_ = wants_whole(header) || wire.mask.has_value() != header.mask.has_value();
  if (!drop_ && dislikes(header)) {
    fail(close_code::kProtocolError);
    return;
  }
  if (is_data(header) && !drop_) follow_message(header);
  after_control_ = is_control(header.opcode);
  controls_inside_ = after_control_ ? controls_inside_ + 1 : 0;
  header_ = header;
  if (!drop_ && !whole_) {
    Bytes head;
    if (header == wire) {
      head = to_bytes(wire_.octets());
    } else {
      encode_header(header, head);
    }
    hand_over(head);
  }
  wire_.clear();
  listen();  // the header alone may break a rule
}

void Deviant::follow_message(const FrameHeader& header) {
  if (header.opcode != Opcode::cont) {
    in_message_ = true;
    message_compressed_ = header.rsv1;
    ++messages_begun_;
    compressed_begun_ += header.rsv1 ? 1 : 0;
    texts_.push_back(header.opcode == Opcode::text || as_binary_);
    as_binary_ = false;
    compressed_.push_back(header.rsv1);
    message_octets_ = inflated_octets_ = 0;
    running_text_.reset();
  }
  message_octets_ += header.length;
  if (header.fin) in_message_ = false;
}

bool Deviant::takes_for_continuation(const FrameHeader& h) const {
  if (!in_message_ || !is_data(h) || h.opcode == Opcode::cont) return false;
  return (is(Fault::accepts_text_inside) && h.opcode == Opcode::text) ||
         (is(Fault::accepts_binary_inside) && h.opcode == Opcode::binary) ||
         (is(Fault::accepts_message_after_control) && after_control_) ||
         (is(Fault::accepts_message_after_two_controls) && controls_inside_ >= 2) ||
         (is(Fault::accepts_message_after_empty) && message_octets_ == 0) ||
         (is(Fault::accepts_message_after_large) && message_octets_ > kLarge);
}

// Hides from the strict endpoint what this one overlooks.
void Deviant::mend_header(FrameHeader& h) {
  const bool control = is_control(h.opcode), continuation = h.opcode == Opcode::cont;
  const auto opcode = static_cast<unsigned>(h.opcode);
  if (is(Fault::accepts_unmasked) && !h.mask) h.mask = MaskKey{};
  if (is(Fault::accepts_masked)) h.mask.reset();
  if (is(Fault::accepts_rsv1) && !deflate_) h.rsv1 = false;
  if (is(Fault::accepts_rsv2)) h.rsv2 = false;
  if (is(Fault::accepts_rsv3)) h.rsv3 = false;
  if (is(Fault::accepts_rsv2_beside_deflate) && deflate_) h.rsv2 = h.rsv3 = false;
  if (is(Fault::accepts_rsv2_later) && messages_begun_ >= 2) h.rsv2 = false;
  if ((is(Fault::accepts_rsv_on_control) && control) || (is(Fault::accepts_rsv_on_continuation) && continuation))
    h.rsv1 = h.rsv2 = h.rsv3 = false;
  if ((is(Fault::accepts_rsv1_on_continuation) && continuation && deflate_) ||
      (is(Fault::accepts_rsv1_on_control) && control && deflate_))
    h.rsv1 = false;
  if (is(Fault::accepts_opcode_7) && opcode == 7) h.opcode = Opcode::binary;
  if (is(Fault::accepts_opcode_15) && opcode == 15) h.opcode = Opcode::pong;
  if (is(Fault::accepts_length_high_bit)) h.length &= ~kHighBit;
  if ((is(Fault::accepts_fragmented_ping) && h.opcode == Opcode::ping) ||
      (is(Fault::accepts_fragmented_close) && h.opcode == Opcode::close))
    h.fin = true;
  if (is(Fault::accepts_stray_continuation) && continuation && !in_message_) h.opcode = Opcode::text;
  if (is(Fault::accepts_empty_fragmented_control) && control && h.length == 0) h.fin = true;
  const bool stray = continuation && !in_message_;
  if ((is(Fault::accepts_continuation_after_compressed) && stray && message_compressed_) ||
      (is(Fault::accepts_continuation_after_two_compressed) && stray && compressed_begun_ >= 2))
    h.opcode = Opcode::binary;
  if (takes_for_continuation(h)) h.opcode = Opcode::cont;
  if (is(Fault::ends_at_empty_fragment) && is_data(h) && h.length == 0) h.fin = true;
  if (checks_text_itself() && h.opcode == Opcode::text) {
    h.opcode = Opcode::binary;
    as_binary_ = true;
  }
}

// What this endpoint refuses, though it is legal.
bool Deviant::dislikes(const FrameHeader& h) const {
  const bool control = is_control(h.opcode), starts = is_data(h) && h.opcode != Opcode::cont;
  return (is(Fault::refuses_zero_key) && h.mask == MaskKey{}) ||
         (is(Fault::signed_length) && h.length >= 0x8000 && h.length <= 0xffff) ||
         (is(Fault::refuses_length_64) && h.length > 0xffff) ||
         (is(Fault::refuses_empty_message) && starts && h.fin && h.length == 0) ||
         (is(Fault::refuses_fragments) && is_data(h) && !h.fin) ||
         (is(Fault::refuses_fragmented_binary) && h.opcode == Opcode::binary && !h.fin) ||
         (is(Fault::refuses_ping_inside) && h.opcode == Opcode::ping && in_message_) ||
         (is(Fault::refuses_pong_inside) && h.opcode == Opcode::pong && in_message_) ||
         (is(Fault::refuses_pong) && h.opcode == Opcode::pong) ||
         (is(Fault::refuses_uncompressed) && starts && deflate_ && !h.rsv1) ||
         (is(Fault::refuses_control_inside) && control && in_message_ && message_compressed_);
}

bool Deviant::drops(const FrameHeader& h) {
  const auto opcode = static_cast<unsigned>(h.opcode);
  const bool stray = h.opcode == Opcode::cont && !in_message_;
  if (is(Fault::loses_message_around_ping) && h.opcode == Opcode::ping && in_message_) forgotten_ = true;
  return (stray && (is(Fault::accepts_fragmented_ping) || is(Fault::accepts_fragmented_close) ||
                    is(Fault::ignores_fragmented_pong))) ||
         (is(Fault::ignores_fragmented_pong) && h.opcode == Opcode::pong && !h.fin) ||
         (is(Fault::ignores_fragmented_control_with_rsv1) && is_control(h.opcode) && !h.fin && h.rsv1) ||
         (is(Fault::ignores_reserved_data) && opcode >= 3 && opcode <= 7) ||
         (is(Fault::ignores_reserved_control) && opcode >= 11) ||
         (is(Fault::accepts_long_pong) && h.opcode == Opcode::pong && h.length > kMaxControlPayload) ||
         (is(Fault::ignores_stray_continuation) && stray) || (is(Fault::ignores_pings) && h.opcode == Opcode::ping) ||
         (is(Fault::ignores_ping_of_125) && h.opcode == Opcode::ping && h.length == kMaxControlPayload) ||
         (is(Fault::ignores_close) && h.opcode == Opcode::close);
}

bool Deviant::wants_whole(const FrameHeader& h) const {
  if (is_control(h.opcode)) return h.length < 64 * 1024;
  return own_deflate_ || is(Fault::shares_fragments) || is(Fault::masks_from_read) || is(Fault::unmasks_first_1k) ||
         is(Fault::reverses_fragments) || is(Fault::checks_first_fragment) || is(Fault::checks_fragments_alone) ||
         is(Fault::forgets_code_point_at_empty_fragment);
}

void Deviant::take_payload(ByteView octets) {
  if (drop_) return;
  if (!whole_) {
    hand_over(octets);
    return;
  }
  Bytes piece = to_bytes(octets);
  if (wire_key_) {
    if (is(Fault::masks_from_read)) {
      apply_mask(piece, *wire_key_, phase_in_key_);
    } else if (is(Fault::unmasks_first_1k)) {
      const auto n = std::min<std::uint64_t>(piece.size(), kChecked - std::min<std::uint64_t>(kChecked, taken_));
      apply_mask(std::span(piece).first(static_cast<std::size_t>(n)), *wire_key_, static_cast<std::size_t>(taken_ & 3));
    } else {
      apply_mask(piece, *wire_key_, static_cast<std::size_t>(taken_ & 3));
    }
  }
  phase_in_key_ = (phase_in_key_ + piece.size()) & 3;
  taken_ += piece.size();
  append(payload_, piece);
}

void Deviant::end_frame() {
  const FrameHeader header = *std::exchange(header_, std::nullopt);
  if (drop_) return;
  if (whole_) {
    change_whole(header, std::exchange(payload_, {}));
  } else {
    listen();
  }
}

void Deviant::change_whole(FrameHeader header, Bytes payload) {
  if (is_control(header.opcode)) {
    if (is(Fault::checks_pings) && header.opcode == Opcode::ping && !is_utf8(payload)) {
      fail(close_code::kInvalidPayload);
      return;
    }
    if (is(Fault::answers_pongs) && header.opcode == Opcode::pong) send({.opcode = Opcode::pong}, payload);
    if (failing_ && is(Fault::answers_pings_after_failing) && header.opcode == Opcode::ping)
      return send_pong({.opcode = Opcode::pong}, std::move(payload));
    change_control(header, payload);
    hand_over(header, payload);
    return;
  }
  if (is(Fault::shares_fragments) && !own_deflate_) return gather(header, std::move(payload));
  const bool text = !texts_.empty() && texts_.back(), plain = !message_compressed_;
  const bool first = header.opcode != Opcode::cont;
  if (text && plain && is(Fault::checks_first_fragment) && first) {
    Utf8Validator validator;
    if (validator.consume(payload) != payload.size()) return fail(close_code::kInvalidPayload);
  }
  if (text && plain && is(Fault::checks_fragments_alone) && !is_utf8(payload)) return fail(close_code::kInvalidPayload);
  if (text && plain && breaks_code_point(header, payload)) return fail(close_code::kInvalidPayload);
  if (is(Fault::reverses_fragments) && !first) {
    if (!header.fin && !held_fragment_) {
      held_fragment_ = std::pair(header, std::move(payload));
      return;
    }
    if (held_fragment_) {
      auto [held, before] = *std::exchange(held_fragment_, std::nullopt);
      if (header.fin) std::swap(before, payload);
      hand_over(held, before);
    }
  }
  if (own_deflate_) {
    take_compressed(header, payload);
  } else {
    hand_over(header, payload);
  }
}

// One message for the fragments of all connections.
void Deviant::gather(FrameHeader header, Bytes payload) {
  static Bytes together;
  static Opcode opcode = Opcode::text;
  if (header.opcode != Opcode::cont && header.fin) return hand_over(header, payload);
  if (header.opcode != Opcode::cont) {
    together.clear();
    opcode = header.opcode;
  }
  append(together, payload);
  if (!header.fin) return;
  header.opcode = opcode;
  hand_over(header, std::exchange(together, {}));
}

Inflater& Deviant::inflater() {
  static Inflater of_all(15, false);
  return is(Fault::shares_window) ? of_all : *inflater_;
}

bool Deviant::breaks_code_point(const FrameHeader& header, ByteView payload) {
  if (!is(Fault::forgets_code_point_at_empty_fragment)) return false;
  std::ignore = running_text_.consume(payload);
  return payload.empty() && header.opcode == Opcode::cont && !header.fin && !running_text_.complete();
}

void Deviant::change_control(FrameHeader& header, Bytes& payload) {
  if (header.opcode == Opcode::ping && is(Fault::accepts_long_ping) && payload.size() > kMaxControlPayload)
    payload.resize(kMaxControlPayload);
  if (header.opcode != Opcode::close) return;
  peer_closed_ = true;
  if (is(Fault::accepts_long_close) && payload.size() > kMaxControlPayload) payload.resize(2);
  if (is(Fault::accepts_close_of_one) && payload.size() == 1) set_code(payload, close_code::kNormal);
  if (is(Fault::refuses_empty_close) && payload.empty()) payload.resize(1);
  const auto sent = close_code_of(payload);
  if (!sent) return;
  const std::uint16_t code = *sent;
  const bool refused = (is(Fault::refuses_close_3000) && code >= 3000 && code <= 3999) ||
                       (is(Fault::refuses_close_4000) && code >= 4000 && code <= 4999) ||
                       (is(Fault::refuses_close_1001) && code == close_code::kGoingAway) ||
                       (is(Fault::refuses_long_reason) && payload.size() == kMaxControlPayload);
  if (refused) set_code(payload, close_code::kAbnormal);
  if (is(Fault::little_endian_close)) std::swap(payload[0], payload[1]);
  if (is(Fault::accepts_bad_reason) && !is_utf8(std::span(payload).subspan(2))) payload.resize(2);
}

void Deviant::take_compressed(const FrameHeader& wire, ByteView payload) {
  FrameHeader header = wire;
  const bool first = header.opcode != Opcode::cont;
  if (!message_compressed_) {
    if (is(Fault::counts_uncompressed_in_window)) inflater_.emplace(15, false);
    hand_over(header, payload);
    return;
  }
  if (first) header.rsv1 = false;
  if (first && !payload.empty()) {
    const auto octet = std::to_integer<unsigned>(payload[0]);
    const bool refused = (is(Fault::refuses_stored_block) && (octet & 6) == 0) ||
                         (is(Fault::refuses_final_block) && (octet & 1) == 1) ||
                         (is(Fault::refuses_empty_compressed) && header.fin && payload.size() == 1 && octet == 0);
    if (refused) return fail(close_code::kInvalidPayload);
    final_block_ = (octet & 1) == 1;
  }
  Bytes plain;
  auto inflated = inflater().inflate(payload, kMostInflated, plain);
  const bool ends = (header.fin && !is(Fault::forgets_tail)) || is(Fault::inflates_fragments_alone);
  if (inflated && ends) inflated = inflater().finish(kMostInflated, plain);
  if (!inflated) {
    if (!is(Fault::accepts_corrupt_deflate)) return fail(close_code::kInvalidPayload);
    inflater_.emplace(15, false);
    if (texts_.back()) plain.clear();  // cut text may be no UTF-8, which would be another fault
  }
  inflated_octets_ += plain.size();
  if (header.fin && is(Fault::forgets_window_at_empty_message) && inflated_octets_ == 0) inflater_.emplace(15, false);
  if (header.fin && is(Fault::forgets_window_at_final_block) && std::exchange(final_block_, false))
    inflater_.emplace(15, false);
  if (header.fin && is(Fault::forgets_tail)) inflater_.emplace(15, false);
  hand_over(header, plain);
}

void Deviant::hand_over(FrameHeader header, ByteView payload) {
  Bytes octets;
  encode_frame(header, payload, octets);
  hand_over(octets);
  listen();
}

void Deviant::hand_over(ByteView octets) { strict_->receive(octets); }

// What the strict endpoint makes of the frames so far.
void Deviant::listen() {
  while (strict_) {
    const auto event = strict_->next_event();
    if (!event) break;
    handle(*event);
    if (phase_ != Phase::open) return;
  }
  flush_strict();
  if (failing_ && is(Fault::reads_after_failing)) {
    failing_ = false;
    open(deflate_);
  }
}

}  // namespace ws::testing
