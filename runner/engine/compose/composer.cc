#include "runner/engine/compose/composer.h"
#include "runner/catalogue/rsv.h"

#include <ws/core/close.h>
#include <ws/core/mask.h>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

ws::FrameHeader header_of(ws::Opcode opcode, bool fin, std::uint8_t rsv, std::uint64_t length) {
  return {.fin = fin,
          .rsv1 = (rsv & 4) != 0,
          .rsv2 = (rsv & 2) != 0,
          .rsv3 = (rsv & 1) != 0,
          .opcode = opcode,
          .mask = std::nullopt,
          .length = length};
}

// The header with a payload length of 16 or 64 bits, whatever it is (RFC 6455 5.2 allows only the shortest form).
void encode_header_in(unsigned length_bits, const ws::FrameHeader& header, ws::Bytes& out) {
  if (length_bits == 0) return ws::encode_header(header, out);
  ws::FrameHeader first_two = header;
  first_two.length = 0;
  ws::Bytes shortest;
  ws::encode_header(first_two, shortest);
  const auto form = static_cast<std::byte>(length_bits == 16 ? 126 : 127);
  out.push_back(shortest[0]);
  out.push_back(shortest[1] | form);
  for (unsigned shift = length_bits; shift > 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(header.length >> (shift - 8) & 0xff));
  }
  out.insert(out.end(), shortest.begin() + 2, shortest.end());
}

}  // namespace

DeflateCache::Entry DeflateCache::compressed(ws::ByteView message, int window_bits) {
  const Key key{std::hash<std::string_view>{}(ws::as_text(message)), message.size(), window_bits};
  if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
  auto deflater = deflaters_.find(window_bits);
  if (deflater == deflaters_.end()) {
    deflater = deflaters_.emplace(window_bits, ws::Deflater(window_bits, /*no_context_takeover=*/true, kLevel)).first;
  }
  ws::Bytes out;
  deflater->second.compress(message, /*last=*/true, out);
  if (size_ + out.size() > kBound) {
    entries_.clear();
    size_ = 0;
  }
  size_ += out.size();
  return entries_.emplace(key, std::make_shared<const ws::Bytes>(std::move(out))).first->second;
}

Composer::Composer(ws::Role role, std::uint64_t seed, std::optional<ws::DeflateParams> deflate, DeflateCache& cache)
    : role_(role), random_(seed), deflate_(deflate), cache_(cache) {}

ws::MaskKey Composer::fresh_key() {
  const std::uint64_t random = random_();
  ws::MaskKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(random >> (8 * i));
  return key;
}

void Composer::frame(ws::Opcode opcode, bool fin, std::uint8_t rsv, ws::ByteView payload, const Sink& sink) {
  WireFrame out;
  out.header = header_of(opcode, fin, rsv, payload.size());
  if (role_ == ws::Role::client) out.header.mask = fresh_key();
  out.payload = payload;
  out.octets.reserve(payload.size() + ws::kMaxHeaderSize);
  ws::encode_frame(out.header, payload, out.octets);
  sink(std::move(out));
}

void Composer::frame(const step::Frame& step, ws::ByteView payload, const Sink& sink) {
  const step::FrameForm& form = step.form;
  if (form.ordinary()) return frame(step.opcode, step.fin, step.rsv, payload, sink);
  WireFrame out;
  out.header = header_of(step.opcode, step.fin, step.rsv, form.announces.value_or(payload.size()));
  if ((role_ == ws::Role::client) != form.wrong_mask) out.header.mask = form.key ? *form.key : fresh_key();
  encode_header_in(form.length_bits, out.header, out.octets);
  const std::size_t head = out.octets.size();
  ws::append(out.octets, payload);
  if (out.header.mask) ws::apply_mask(std::span(out.octets).subspan(head), *out.header.mask);
  if (form.wrong_mask_bit) {
    out.octets[1] ^= std::byte{0x80};
    out.header.mask = out.header.mask ? std::nullopt : std::optional(ws::MaskKey{});
    out.wrong_mask_bit = true;
  }
  if (form.cut) out.octets.resize(std::min<std::size_t>(out.octets.size(), static_cast<std::size_t>(*form.cut)));
  out.payload = payload;
  out.whole = form.whole() && !form.wrong_mask_bit;
  sink(std::move(out));
}

void Composer::fragments(ws::Opcode opcode, std::uint8_t rsv, ws::ByteView payload, std::uint64_t fragment,
                         const Sink& sink) {
  const std::size_t piece =
      fragment == 0 ? std::max<std::size_t>(payload.size(), 1) : static_cast<std::size_t>(fragment);
  std::size_t at = 0;
  do {
    const std::size_t n = std::min(piece, payload.size() - at);
    const bool first = at == 0, last = at + n == payload.size();
    frame(first ? opcode : ws::Opcode::cont, last, first ? rsv : std::uint8_t{0}, payload.subspan(at, n), sink);
    at += n;
  } while (at < payload.size());
}

void Composer::message(ws::Opcode opcode, ws::ByteView payload, std::uint64_t fragment, bool compress,
                       const Sink& sink) {
  if (!compress || !deflate_) return fragments(opcode, 0, payload, fragment, sink);
  const bool client = role_ == ws::Role::client;
  // zlib makes no raw streams with an 8-bit window; such a limit is met by not compressing (RFC 7692 6).
  const int window = client ? deflate_->client_max_window_bits : deflate_->server_max_window_bits;
  if (window < 9) return fragments(opcode, 0, payload, fragment, sink);
  if (client ? deflate_->client_no_context_takeover : deflate_->server_no_context_takeover) {
    const auto compressed = cache_.compressed(payload, window);
    return fragments(opcode, kRsv1, *compressed, fragment, sink);
  }
  if (!deflater_) deflater_.emplace(window, /*no_context_takeover=*/false, DeflateCache::kLevel);
  ws::Bytes compressed;
  deflater_->compress(payload, /*last=*/true, compressed);
  fragments(opcode, kRsv1, compressed, fragment, sink);
}

void Composer::message(const step::Message& step, PayloadGenerator& payloads, const Sink& sink) {
  if (step.parts.empty()) return message(step.opcode, payloads.make(step.payload), step.fragment, step.deflate, sink);
  std::vector<ws::Bytes> made;
  for (const Payload& part : step.parts) made.push_back(payloads.make(part));
  parts(step.opcode, made, sink);
}

void Composer::parts(ws::Opcode opcode, const std::vector<ws::Bytes>& parts, const Sink& sink) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    frame(i == 0 ? opcode : ws::Opcode::cont, i + 1 == parts.size(), 0, parts[i], sink);
  }
}

ws::Bytes close_payload(std::optional<std::uint16_t> code, ws::ByteView reason) {
  ws::Bytes payload = code ? ws::encode_close(ws::CloseReason{*code, {}}) : ws::Bytes{};
  ws::append(payload, reason);
  return payload;
}

}  // namespace touchstone
