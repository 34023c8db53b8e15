#include "runner/engine/talk/http2_framing.h"

#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/compose/http2_section.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <asio/error.hpp>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

using http2::FrameHead, http2::put, http2::put_frame;

// Settings that change what the endpoint may send: the library has to know of them.
bool is_of_library(std::uint16_t id) { return id == http2::header_table_size || id == http2::max_frame_size; }

std::vector<std::pair<std::uint16_t, std::uint32_t>> entries_of(ws::ByteView payload) {
  std::vector<std::pair<std::uint16_t, std::uint32_t>> entries;
  for (std::size_t at = 0; at + 6 <= payload.size(); at += 6)
    entries.emplace_back(static_cast<std::uint16_t>(http2::number(payload, at, 2)), http2::number(payload, at + 2, 4));
  return entries;
}

constexpr std::uint32_t kOlder = 3;  // passed over where a case has a frame on it

bool passes_over(const Http2Script& script) {
  return std::ranges::any_of(script.frames, [](const Http2Frame& f) { return f.on == Http2Frame::On::older; });
}

// With so many octets of padding after it, when any are wanted (0 octets of padding are padding, too).
ws::Bytes padded(ws::ByteView before, ws::ByteView content, const std::optional<std::uint8_t>& padding) {
  ws::Bytes out;
  if (padding) out.push_back(static_cast<std::byte>(*padding));
  ws::append(out, before);
  ws::append(out, content);
  out.resize(out.size() + padding.value_or(0));
  return out;
}

}  // namespace

Hpack::Hpack() {
  constexpr std::size_t kTable = 4096;  // RFC 9113 6.5.2
  if (nghttp2_hd_deflate_new(&deflater_, kTable) != 0) throw std::bad_alloc();
}

Hpack::~Hpack() { nghttp2_hd_deflate_del(deflater_); }

void Hpack::limit_table(std::size_t octets) { nghttp2_hd_deflate_change_table_size(deflater_, octets); }

ws::Bytes Hpack::encode(const ws::io::http2::Fields& section) {
  std::vector<nghttp2_nv> values;
  for (const ws::Field& field : section) {
    const auto octets = [](const std::string& text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    values.push_back(
        {octets(field.name), octets(field.value), field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  ws::Bytes out(nghttp2_hd_deflate_bound(deflater_, values.data(), values.size()));
  const auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(out.data()), out.size(),
                                          values.data(), values.size());
  out.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return out;
}

Http2Framing::Http2Framing(const Http2Script& script, std::uint64_t seed, std::shared_ptr<Http2Watch> watch)
    : script_(script), payloads_(seed), watch_(std::move(watch)) {
  watch_->tunnel(0);  // not asked for yet: what befalls the streams before it is theirs
}

void Http2Framing::apply_to(ws::io::http2::SessionOptions& options) {
  for (const auto& [id, value] : script_.settings) {
    if (id == http2::initial_window_size) {
      options.initial_window = value;
    } else if (is_of_library(id)) {
      options.settings.emplace_back(id, value);
    }
  }
  if (passes_over(script_)) options.first_stream = kOlder + 2;
  options.data_size = script_.data_size;
  options.padding = script_.data_padding;
  constexpr std::int32_t kFirstWindow = 65'535;  // RFC 9113 6.9.2
  if (script_.held) {
    options.connection_window = kFirstWindow;
    options.stalled = [self = shared_from_this()] {
      if (self->on_stall_) self->on_stall_();
    };
  }
  options.rewrite = [self = shared_from_this()](ws::ByteView frame) { return self->rewrite(frame); };
}

ws::io::http2::TunnelStream::Edited Http2Framing::request(ws::io::http2::Fields section) {
  section = http2::edited(std::move(section), script_.fields);
  sections_.push_back(section);
  tunnel_is_next_ = true;
  return {std::move(section), script_.end_stream};
}

ws::Bytes Http2Framing::rewrite(ws::ByteView frame) {
  if (frame.size() < http2::kHead || ws::as_text(frame).starts_with("PRI * ")) return ws::to_bytes(frame);
  const FrameHead head = http2::head_of(frame);
  if (head.type == http2::settings && (head.flags & http2::ack) == 0 && !std::exchange(settings_sent_, true))
    return settings(frame);
  if (head.type == http2::headers) return headers(frame);
  if (head.type == http2::continuation) return {};  // headers() made all of it anew
  if (head.type == http2::data && head.stream == tunnel_) return data(frame);
  return ws::to_bytes(frame);
}

ws::Bytes Http2Framing::settings(ws::ByteView frame) const {
  ws::Bytes payload = ws::to_bytes(frame.subspan(http2::kHead));
  for (const auto& [id, value] : script_.settings) {
    if (id == http2::initial_window_size || is_of_library(id)) continue;
    put(payload, id, 2);
    put(payload, value, 4);
  }
  ws::Bytes out;
  put_frame(out, http2::head_of(frame), payload);
  return out;
}

ws::Bytes Http2Framing::headers(ws::ByteView frame) {
  FrameHead head = http2::head_of(frame);
  if (sections_.empty()) return ws::to_bytes(frame);
  if (const auto table = watch_->setting(http2::header_table_size))
    hpack_.limit_table(std::min<std::size_t>(*table, 4096));
  const ws::Bytes encoded = hpack_.encode(sections_.front());
  sections_.pop_front();
  ws::ByteView block = encoded;
  if (sections_.empty() && std::exchange(tunnel_is_next_, false)) watch_->tunnel(tunnel_ = head.stream);
  if (head.stream != tunnel_) {
    ws::Bytes out;
    put_frame(
        out,
        {http2::headers, static_cast<std::uint8_t>((head.flags & http2::end_stream) | http2::end_headers), head.stream},
        block);
    return out;
  }
  // RFC 9113 5.3.2: deprecated, and still legal. On stream 0, weight 16.
  const ws::Bytes priority = script_.head_priority
                                 ? ws::Bytes{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{15}}
                                 : ws::Bytes{};
  if (script_.head_padding) head.flags |= http2::padded;
  if (script_.head_priority) head.flags |= http2::with_priority;
  const std::size_t pieces = std::min<std::size_t>(script_.head_pieces, std::max<std::size_t>(block.size(), 1));
  const std::size_t size = (block.size() + pieces - 1) / pieces;
  ws::Bytes out;
  for (std::size_t i = 0; i < pieces; ++i) {
    const bool last = i + 1 == pieces;
    const ws::ByteView piece = block.first(std::min(size, block.size()));
    block = block.subspan(piece.size());
    FrameHead own = i == 0 ? head : FrameHead{http2::continuation, 0, head.stream};
    own.flags = static_cast<std::uint8_t>(last ? own.flags | http2::end_headers : own.flags & ~http2::end_headers);
    put_frame(out, own, i == 0 ? padded(priority, piece, script_.head_padding) : ws::to_bytes(piece));
  }
  return out;
}

// nghttp2 has cut and padded it, for that counts in the windows.
ws::Bytes Http2Framing::data(ws::ByteView frame) {
  const FrameHead head = http2::head_of(frame);
  ws::Bytes out;
  if (script_.data_empty) put_frame(out, {http2::data, 0, head.stream}, {});
  ws::append(out, frame);
  ws::append(out, within(head.stream));
  return out;
}

ws::Bytes Http2Framing::by_hand(const Http2Frame& frame, std::uint32_t tunnel) {
  constexpr std::uint32_t kNever = 1001;  // far above those that a case opens
  constexpr std::uint32_t kEven = 2;
  constexpr std::array kNumbers = {std::uint32_t{0}, std::uint32_t{0}, kNever, kEven,
                                   kOlder};  // as Http2Frame::On has them
  const std::uint32_t on = frame.on == Http2Frame::On::tunnel ? tunnel : kNumbers[static_cast<std::size_t>(frame.on)];
  ws::Bytes octets;
  put_frame(octets, {frame.type, frame.flags, on}, payloads_.make(frame.payload));
  return octets;
}

ws::Bytes Http2Framing::within(std::uint32_t tunnel) {
  ws::Bytes octets;
  if (std::exchange(within_sent_, true)) return octets;
  for (const Http2Frame& frame : script_.frames) {
    if (frame.when != Http2Frame::When::within) continue;
    const ws::Bytes one = by_hand(frame, tunnel);
    watch_->made_by_hand(one);
    ws::append(octets, one);
  }
  return octets;
}

void Http2Framing::send_frames(Http2Frame::When when, ws::io::http2::Session& session, Recorder* recorder) {
  for (const Http2Frame& frame : script_.frames) {
    if (frame.when != when) continue;
    ws::Bytes octets = by_hand(frame, tunnel_);
    const FrameHead head = http2::head_of(octets);
    if (recorder != nullptr)
      recorder->note(
          Entry::Direction::local, Entry::Kind::mark,
          fmt::format("HTTP/2 frame by hand: {}, flags {:#x}, stream {}, {} bytes", http2::name_of_type(head.type),
                      head.flags, head.stream, octets.size() - http2::kHead));
    // What the library may know of it does know of, for it changes what the endpoint may send.
    const bool whole = head.type == http2::settings && (octets.size() - http2::kHead) % 6 == 0;
    if (whole && head.stream == 0 && head.flags == 0 &&
        session.change_settings(entries_of(ws::ByteView(octets).subspan(http2::kHead))))
      continue;
    watch_->made_by_hand(octets);
    session.inject(std::move(octets));
  }
}

asio::awaitable<std::error_code> see_connection(ws::io::http2::Session& connection, std::chrono::milliseconds timeout,
                                                Http2Watch& watch, Http2Seen& seen) {
  const auto until = ws::io::deadline_after(timeout);
  const auto error = co_await connection.ping(until);
  // RFC 9113 6.7: the answer to a PING may overtake what else is owed.
  while (!error && watch.owes()) {
    if (const auto nothing = co_await connection.hears(until)) break;
  }
  if (!error) watch.settle();
  seen.connection_lives = !error;
  seen.last_words = connection.last_words();
  co_return error;
}

}  // namespace touchstone
