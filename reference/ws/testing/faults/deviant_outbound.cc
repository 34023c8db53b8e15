#include <ws/core/mask.h>
#include <ws/core/utf8.h>
#include <ws/testing/faults/deviant.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ws::testing {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF", kReplacement = "\xEF\xBF\xBD";

// A decoder of code points that takes what `lenient` allows beyond RFC 3629.
enum class Lenient : std::uint8_t { surrogates, overlong, above };

bool is_lenient_utf8(ByteView text, Lenient lenient) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = std::to_integer<unsigned>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC0 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF8 ? 3
                                           : 9;
    if (more == 9 || i + more >= text.size()) return false;
    std::uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto octet = std::to_integer<unsigned>(text[i + k]);
      if ((octet & 0xC0) != 0x80) return false;
      point = point << 6 | (octet & 0x3F);
    }
    constexpr std::array<std::uint32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] && lenient != Lenient::overlong) return false;
    if (point >= 0xD800 && point <= 0xDFFF && lenient != Lenient::surrogates) return false;
    if (point > 0x10FFFF && lenient != Lenient::above) return false;
    i += more + 1;
  }
  return true;
}

bool has_cut_piece(ByteView text) {
  for (std::size_t at = 0; at < text.size(); at += kInflatedPiece) {
    if (!is_utf8(text.subspan(at, std::min(kInflatedPiece, text.size() - at)))) return true;
  }
  return false;
}

bool contains(ByteView text, std::string_view part) { return as_text(text).find(part) != std::string_view::npos; }

void cut_at_nul(Bytes& octets) { octets.erase(std::ranges::find(octets, std::byte{0}), octets.end()); }

}  // namespace

// The faults for which the lens checks text, which the strict endpoint then sees as binary.
bool Deviant::checks_text_itself() const {
  constexpr std::array kOwn{Fault::accepts_any_text,
                            Fault::accepts_surrogates,
                            Fault::accepts_overlong,
                            Fault::accepts_above_10ffff,
                            Fault::accepts_truncated_text,
                            Fault::checks_first_1k,
                            Fault::checks_first_1k_uncompressed,
                            Fault::checks_first_64k_uncompressed,
                            Fault::checks_inflated_pieces_alone,
                            Fault::checks_first_fragment,
                            Fault::checks_fragments_alone,
                            Fault::checks_uncompressed_text,
                            Fault::replaces_bad_text,
                            Fault::refuses_noncharacters,
                            Fault::refuses_nul,
                            Fault::strips_bom};
  return options_.faults.has_any(kOwn);
}

bool Deviant::text_is_fine(ByteView text, bool was_compressed) const {
  const auto valid_so_far = [](ByteView octets) {
    Utf8Validator validator;
    return validator.consume(octets) == octets.size();
  };
  const auto begins_well = [&](std::size_t octets) { return text.size() > octets && valid_so_far(text.first(octets)); };
  const bool taken = is_utf8(text) || is(Fault::accepts_any_text) || is(Fault::replaces_bad_text) ||
                     (is(Fault::accepts_surrogates) && is_lenient_utf8(text, Lenient::surrogates)) ||
                     (is(Fault::accepts_overlong) && is_lenient_utf8(text, Lenient::overlong)) ||
                     (is(Fault::accepts_above_10ffff) && is_lenient_utf8(text, Lenient::above)) ||
                     (is(Fault::accepts_truncated_text) && valid_so_far(text)) ||
                     (is(Fault::checks_first_1k) && begins_well(kChecked)) ||
                     (is(Fault::checks_first_1k_uncompressed) && begins_well(kChecked) && !was_compressed) ||
                     (is(Fault::checks_first_64k_uncompressed) && begins_well(kCheckedLater) && !was_compressed) ||
                     (is(Fault::checks_first_fragment) && !was_compressed) ||
                     (is(Fault::checks_uncompressed_text) && was_compressed);
  const bool disliked =
      (is(Fault::refuses_noncharacters) && (contains(text, "\xEF\xBF\xBE") || contains(text, "\xEF\xBF\xBF"))) ||
      (is(Fault::checks_inflated_pieces_alone) && was_compressed && has_cut_piece(text)) ||
      (is(Fault::refuses_nul) && contains(text, std::string_view("\0", 1)));
  return taken && !disliked;
}

void Deviant::handle(const Event& event) {
  if (const auto* text = std::get_if<event::Text>(&event)) take_message(Opcode::text, as_octets(text->data));
  if (const auto* binary = std::get_if<event::Binary>(&event)) take_message(Opcode::binary, binary->data);
  if (std::holds_alternative<event::Failed>(event)) failing_ = true;
}

void Deviant::take_message(Opcode opcode, ByteView data) {
  const bool was_text = !texts_.empty() && texts_.front(), was_compressed = !compressed_.empty() && compressed_.front();
  if (!texts_.empty()) texts_.pop_front();
  if (!compressed_.empty()) compressed_.pop_front();
  if (std::exchange(forgotten_, false)) return;
  const bool is_text = opcode == Opcode::text || (was_text && checks_text_itself());
  if (is_text && checks_text_itself() && !text_is_fine(data, was_compressed)) return fail(close_code::kInvalidPayload);
  if (!is_text && is(Fault::checks_binary) && !is_utf8(data)) return fail(close_code::kInvalidPayload);
  Bytes echo = to_bytes(data);
  if (is_text && is(Fault::strips_bom) && as_text(data).starts_with(kBom)) echo.erase(echo.begin(), echo.begin() + 3);
  if (is_text && is(Fault::replaces_bad_text) && !is_utf8(data)) echo = to_bytes(kReplacement);
  if (is_text && is(Fault::cuts_at_nul)) cut_at_nul(echo);
  if (is(Fault::corrupts_last_octet) && echo.size() > 1000) echo.back() ^= std::byte{1};
  if (is(Fault::loses_empty_messages) && echo.empty()) return;
  if (opcode == Opcode::text) {
    (void)strict_->submit(command::Text{as_text(echo)});
  } else {
    (void)strict_->submit(command::Binary{echo});
  }
  as_text_.push_back(is_text);
}

void Deviant::flush_strict() {
  ByteView octets = strict_->output();
  const std::size_t all = octets.size();
  while (!octets.empty()) {
    const auto frame = rules::first_frame(octets);
    const FrameHeader& header = frame->header;
    Bytes payload = frame->unmasked();
    octets = octets.subspan(frame->size());
    if (header.opcode == Opcode::pong) {
      send_pong(header, std::move(payload));
    } else if (header.opcode == Opcode::close) {
      send_close(header, std::move(payload));
    } else {
      send_data(header, std::move(payload));
    }
  }
  strict_->wrote(all);
}

// A Pong as if its payload were a string, a line, text or ASCII.
void Deviant::change_pong(Bytes& payload) const {
  if (is(Fault::cuts_pongs_at_nul)) cut_at_nul(payload);
  if (is(Fault::cuts_pongs_at_later_nul) && !payload.empty() && payload.front() != std::byte{0}) cut_at_nul(payload);
  if (is(Fault::mends_pongs) && !is_utf8(payload)) payload = to_bytes(kReplacement);
  constexpr std::string_view kBlanks = " \t\r\n";
  while (is(Fault::trims_pongs) && !payload.empty() && kBlanks.contains(static_cast<char>(payload.back())))
    payload.pop_back();
  if (!is(Fault::strips_pongs)) return;
  for (std::byte& octet : payload) octet &= std::byte{0x7f};
}

void Deviant::send_pong(FrameHeader header, Bytes payload) {
  constexpr std::size_t kCut = 64;
  if (is(Fault::empties_pongs)) payload.clear();
  if (is(Fault::cuts_pongs)) payload.resize(std::min(payload.size(), kCut));
  change_pong(payload);
  if (is(Fault::sends_long_pong)) payload.resize(kMaxControlPayload + 1);
  if (is(Fault::sends_fragmented_pong)) header.fin = false;
  if (is(Fault::sends_rsv1_on_control) && deflate_) header.rsv1 = true;
  const auto before = static_cast<std::ptrdiff_t>(out_.size());
  send(header, payload);
  if (!is(Fault::withholds_pongs)) return;
  held_pongs_.insert(held_pongs_.end(), out_.begin() + before, out_.end());
  out_.erase(out_.begin() + before, out_.end());
}

void Deviant::send_close(FrameHeader header, Bytes payload) {
  const auto say = [&payload](std::uint16_t code) { payload = encode_close(CloseReason{code, {}}); };
  if (failing_) {
    if (is(Fault::fails_without_close)) {
      phase_ = Phase::over;
      return;
    }
    if (is(Fault::fails_with_1000)) say(close_code::kNormal);
    if (is(Fault::fails_with_1007)) say(close_code::kInvalidPayload);
    if (is(Fault::fails_with_1005)) say(close_code::kNoStatus);
    send(header, payload);
    return;
  }
  if (is(Fault::answers_close_by_fin)) {
    phase_ = Phase::over;
    return;
  }
  if (is(Fault::sends_1005)) say(close_code::kNoStatus);
  if (is(Fault::sends_1006)) say(close_code::kAbnormal);
  if (is(Fault::sends_close_of_one)) payload.assign(1, std::byte{3});
  if (is(Fault::sends_bad_reason)) {
    say(close_code::kNormal);
    payload.push_back(std::byte{0xff});
  }
  if (is(Fault::sends_long_close)) {
    say(close_code::kNormal);
    payload.resize(kMaxControlPayload + 1, std::byte{'x'});
  }
  send(header, payload);
  if (is(Fault::sends_two_closes)) send(header, payload);
  if (is(Fault::sends_data_after_close)) {
    header.opcode = Opcode::text;
    send(header, as_octets("one more thing"));
  }
}

void Deviant::send_data(FrameHeader header, Bytes payload) {
  const bool was_text = !as_text_.empty() && as_text_.front();
  if (!as_text_.empty()) as_text_.pop_front();
  if (was_text) header.opcode = Opcode::text;
  if (own_deflate_ && !is(Fault::sends_rsv1_uncompressed)) {
    Bytes small;
    deflater_->compress(payload, true, small);
    payload = std::move(small);
  }
  if (own_deflate_) header.rsv1 = true;
  if (is(Fault::sends_rsv1) && !deflate_) header.rsv1 = true;
  if (is(Fault::sends_rsv3)) header.rsv3 = true;
  if (is(Fault::sends_reserved_opcode)) header.opcode = static_cast<Opcode>(3);
  if (is(Fault::text_as_binary)) header.opcode = Opcode::binary;
  if (is(Fault::sends_stray_continuation)) header.opcode = Opcode::cont;
  if (is(Fault::forgets_rsv1)) header.rsv1 = false;
  if (is(Fault::sends_tail) && header.rsv1) append(payload, as_octets(std::string_view("\0\0\xff\xff", 4)));
  if (is(Fault::sends_zlib_wrapper) && header.rsv1) payload.insert(payload.begin(), {std::byte{0x78}, std::byte{0x01}});
  const bool splits = is(Fault::sends_text_fragments) || is(Fault::interleaves_messages) ||
                      (is(Fault::sends_rsv1_on_continuation) && header.rsv1);
  if (!splits || payload.size() < 2) {
    send(header, payload);
    return;
  }
  const std::size_t half = payload.size() / 2;
  FrameHeader first = header, second = header;
  first.fin = false;
  if (!is(Fault::sends_text_fragments)) second.opcode = Opcode::cont;
  if (!is(Fault::sends_rsv1_on_continuation)) second.rsv1 = false;
  send(first, std::span(payload).first(half));
  if (is(Fault::interleaves_messages)) send({.opcode = Opcode::binary}, as_octets("x"));
  send(second, std::span(payload).subspan(half));
}

void Deviant::send(FrameHeader header, ByteView payload) {
  header.length = payload.size();
  header.mask.reset();
  if (options_.role == Role::client) header.mask = next_key();
  if (is(Fault::masks_frames)) header.mask = next_key();
  if (is(Fault::sends_unmasked)) header.mask.reset();
  if (is(Fault::sends_unmasked_control) && is_control(header.opcode)) header.mask.reset();
  const bool as_16 = is(Fault::sends_long_lengths) && payload.size() <= 125;
  const bool as_64 = is(Fault::sends_64_bit_lengths) && payload.size() > 125 && payload.size() <= 0xffff;
  if (!as_16 && !as_64) {
    encode_frame(header, payload, out_);
    return;
  }
  Bytes frame;
  encode_frame(header, payload, frame);
  const auto size = static_cast<std::uint64_t>(payload.size());
  const std::byte mask_bit = frame[1] & std::byte{0x80};
  out_.push_back(frame[0]);
  out_.push_back(mask_bit | std::byte(as_64 ? 127 : 126));
  for (int shift = as_64 ? 56 : 8; shift >= 0; shift -= 8) out_.push_back(std::byte(size >> shift & 0xff));
  append(out_, std::span(frame).subspan(payload.size() > 125 ? 4 : 2));
}

void Deviant::fail(std::uint16_t code) {
  failing_ = true;
  send_close({.opcode = Opcode::close}, encode_close(CloseReason{code, {}}));
  phase_ = Phase::over;
}

}  // namespace ws::testing
