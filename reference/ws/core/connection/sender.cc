// sender.cc - from messages and control frames to octets. RFC 6455 5.4, 5.5, 6.1, RFC 7692 7.2.1.
#include "ws/core/connection/sender.h"

#include <ws/core/connection/prepared.h>

#include <algorithm>
#include <utility>

namespace ws {
namespace {

// Unsent output above which only the latest Ping is answered.
constexpr std::size_t kPongBacklog = 256 * 1024;

}  // namespace

void Sender::use_deflater(Deflater deflater, std::size_t threshold) {
  deflater_.emplace(std::move(deflater));
  threshold_ = threshold;
}

std::expected<void, Misuse> Sender::begin(Opcode opcode, ByteView data, bool fin, Compress compress) {
  // RFC 6455 5.4: messages are not interleaved.
  if (in_message_) return std::unexpected(Misuse::message_in_progress);
  Utf8Validator utf8;
  const bool is_text = opcode == Opcode::text;
  if (is_text && (utf8.consume(data) < data.size() || (fin && !utf8.complete())))
    return std::unexpected(Misuse::text_not_utf8);
  utf8_ = utf8;
  is_text_ = is_text;
  in_message_ = !fin;
  // The length of a fragmented message is not known yet; it is taken for long.
  const bool wanted =
      compress == Compress::by_threshold ? !fin || data.size() >= threshold_ : compress == Compress::always;
  compressing_ = deflater_ && wanted;
  data_frame(opcode, data, fin);
  return {};
}

std::expected<void, Misuse> Sender::proceed(ByteView data, bool fin) {
  if (!in_message_) return std::unexpected(Misuse::no_message_in_progress);
  Utf8Validator utf8 = utf8_;
  if (is_text_ && (utf8.consume(data) < data.size() || (fin && !utf8.complete())))
    return std::unexpected(Misuse::text_not_utf8);
  utf8_ = utf8;
  in_message_ = !fin;
  data_frame(Opcode::cont, data, fin);
  return {};
}

std::expected<void, Misuse> Sender::prepared(const PreparedMessage& message) {
  if (in_message_) return std::unexpected(Misuse::message_in_progress);
  const bool compressed = deflater_ && message.payload().size() >= threshold_ && !message.deflated_frame().empty() &&
                          message.deflated_window_bits() <= deflater_->window_bits();
  // The reader's window has now moved on by a message that our deflater has not seen, so that it must not refer to
  // anything before it.
  if (compressed) deflater_->forget();
  if (!mask_key_) {
    append(out_, compressed ? message.deflated_frame() : message.frame());
  } else {
    const FrameHeader header{.rsv1 = compressed, .opcode = message.opcode(), .mask = mask_key_()};
    encode_frame(header, compressed ? message.deflated_payload() : message.payload(), out_);
  }
  return {};
}

void Sender::data_frame(Opcode opcode, ByteView data, bool fin) {
  FrameHeader header{.fin = fin, .opcode = opcode};
  if (mask_key_) header.mask = mask_key_();  // RFC 6455 5.3: a fresh key for every frame
  if (!compressing_) return encode_frame(header, data, out_);
  header.rsv1 = opcode != Opcode::cont;  // RFC 7692 6.1: on the first frame only
  compressed_.clear();
  deflater_->compress(data, fin, compressed_);
  encode_frame(header, compressed_, out_);
  if (compressed_.capacity() > kMaxKept) Bytes().swap(compressed_);
}

void Sender::control(Opcode opcode, ByteView payload) {
  FrameHeader header{.opcode = opcode};
  if (mask_key_) header.mask = mask_key_();
  encode_frame(header, payload, out_);
}

void Sender::pong(ByteView payload) {
  if (output().size() <= kPongBacklog)
    control(Opcode::pong, payload);
  else
    waiting_pong_ = to_bytes(payload);
}

void Sender::flush_pong() {
  if (waiting_pong_) control(Opcode::pong, *std::exchange(waiting_pong_, std::nullopt));
}

void Sender::wrote(std::size_t octets) {
  written_ += std::min(octets, output().size());
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
    if (out_.capacity() > kMaxKept) Bytes().swap(out_);
  } else if (written_ > kPongBacklog && written_ > out_.size() / 2) {
    // Moves at most as many octets as were written since the last move.
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(written_));
    written_ = 0;
  }
  if (output().size() <= kPongBacklog) flush_pong();
}

void Sender::swap_memory(Bytes& memory) noexcept {
  if (!out_.empty()) return;
  memory.clear();
  out_.swap(memory);
}

void Sender::drop_output() noexcept {
  out_.clear();
  written_ = 0;
  waiting_pong_.reset();
}

}  // namespace ws
