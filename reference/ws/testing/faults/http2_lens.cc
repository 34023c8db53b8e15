#include <ws/rules/frame_walker.h>
#include <ws/testing/faults/http2_lens.h>

#include <algorithm>

namespace ws::testing {
namespace {

// RFC 9113 4.1, 6.
constexpr std::size_t kFrameHead = 9;
enum : std::uint8_t { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoaway, kUpdate, kContinuation };
constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kWithPriority = 0x20;
constexpr std::uint16_t kWindow = 4, kConnectProtocol = 8;
constexpr std::uint32_t kLargestWindow = 0x7fffffff;

std::uint32_t octets_as_number(ByteView octets, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) value = value << 8 | std::to_integer<std::uint32_t>(octets[i]);
  return value;
}

void put_number(Bytes& out, std::uint32_t value, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
}

Bytes number_as_octets(std::uint32_t value) {
  Bytes out;
  put_number(out, value, 4);
  return out;
}

bool is_upgrade_field(const Field& field) {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "upgrade", "keep-alive", "proxy-connection",
                                                      "transfer-encoding"};
  return std::ranges::find(kNames, field.name) != kNames.end();
}

bool is_known_pseudo(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {":method", ":protocol", ":scheme", ":path", ":authority"};
  return std::ranges::find(kNames, name) != kNames.end();
}

bool is_bad_name(const Field& field) {
  return !field.name.starts_with(':') && std::ranges::any_of(field.name, [](unsigned char c) {
    return c <= ' ' || c >= 0x7f || c == ':' || (c >= 'A' && c <= 'Z');
  });
}

void mend_value(std::string& value) {
  std::erase_if(value, [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.pop_back();
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.erase(value.begin());
}

Field* field_of(io::http2::Fields& section, std::string_view name) {
  const auto found = std::ranges::find(section, name, &Field::name);
  return found == section.end() ? nullptr : &*found;
}

void set_field(io::http2::Fields& section, std::string_view name, std::string_view value) {
  if (Field* const field = field_of(section, name)) {
    field->value = value;
  } else {
    section.insert(section.begin(), {std::string(name), std::string(value)});
  }
}

}  // namespace

void Http2Lens::apply_to(io::http2::SessionOptions& options) {
  options.received = [self = shared_from_this()](ByteView octets) { return self->received(octets); };
  options.rewrite = [self = shared_from_this()](ByteView octets) { return self->sent(octets); };
}

// --- Field sections ---

io::http2::Fields Http2Lens::mend(io::http2::Fields section) const {
  using enum Fault;
  const bool tunnel = field_of(section, ":protocol") != nullptr;
  if (is(http2_accepts_protocol_twice) && tunnel) {
    bool seen = false;
    std::erase_if(section, [&](const Field& f) { return f.name == ":protocol" && std::exchange(seen, true); });
  }
  if (is(http2_accepts_any_protocol) && tunnel) set_field(section, ":protocol", "websocket");
  if (is(http2_accepts_protocol_with_any_method) && tunnel) set_field(section, ":method", "CONNECT");
  if (is(http2_accepts_missing_path) && tunnel) {
    if (field_of(section, ":path") == nullptr) set_field(section, ":path", "/");
    if (field_of(section, ":scheme") == nullptr) set_field(section, ":scheme", "http");
  }
  if (is(http2_accepts_upgrade_fields)) std::erase_if(section, is_upgrade_field);
  if (is(http2_accepts_unknown_pseudo))
    std::erase_if(section, [](const Field& f) { return f.name.starts_with(':') && !is_known_pseudo(f.name); });
  if (is(http2_accepts_late_pseudo))
    std::ranges::stable_partition(section, [](const Field& f) { return f.name.starts_with(':'); });
  if (is(http2_accepts_bad_names)) std::erase_if(section, is_bad_name);
  if (is(http2_accepts_bad_values))
    for (Field& field : section) mend_value(field.value);
  if (is(http2_accepts_any_version) && tunnel) set_field(section, "sec-websocket-version", "13");
  if (is(http2_accepts_any_version))
    std::ranges::stable_partition(section, [](const Field& f) { return f.name.starts_with(':'); });
  constexpr std::size_t kKey = 24;  // Base64 of sixteen octets
  const Field* const key = field_of(section, "sec-websocket-key");
  if (is(http2_looks_at_key) && key != nullptr && key->value.size() != kKey)
    section.push_back({"sec-websocket-version", "0"});
  return section;
}

io::http2::Fields Http2Lens::spoil(io::http2::Fields section, bool secure) const {
  using enum Fault;
  if (is(http2_asks_with_upgrade)) {
    section.push_back({"connection", "upgrade"});
    section.push_back({"upgrade", "websocket"});
  }
  if (is(http2_asks_other_scheme)) set_field(section, ":scheme", secure ? "http" : "https");
  if (is(http2_asks_without_scheme)) std::erase_if(section, [](const Field& f) { return f.name == ":scheme"; });
  if (is(http2_asks_with_te)) section.push_back({"te", "gzip"});
  if (is(http2_asks_other_protocol)) set_field(section, ":protocol", "websocket13");
  if (is(http2_asks_unknown_pseudo)) section.insert(section.begin(), {":version", "13"});
  if (is(http2_asks_with_blank)) section.push_back({"x-blank", "b "});
  if (is(http2_asks_late_pseudo))
    std::ranges::stable_partition(section, [](const Field& f) { return f.name != ":authority"; });
  return section;
}

// --- Frames ---

Http2Lens::Frame Http2Lens::read(ByteView whole) {
  return {static_cast<std::uint8_t>(whole[3]), static_cast<std::uint8_t>(whole[4]),
          octets_as_number(whole, 5, 4) & kLargestWindow, to_bytes(whole.subspan(kFrameHead))};
}

void Http2Lens::write(Bytes& out, const Frame& frame) {
  put_number(out, static_cast<std::uint32_t>(frame.payload.size()), 3);
  put_number(out, frame.type, 1);
  put_number(out, frame.flags, 1);
  put_number(out, frame.stream, 4);
  append(out, frame.payload);
}

Bytes Http2Lens::received(ByteView octets) {
  Bytes out;
  const std::size_t preface = std::min(preface_left_, octets.size());
  append(out, octets.first(preface));
  preface_left_ -= preface;
  append(pending_, octets.subspan(preface));
  std::size_t at = 0;
  while (pending_.size() - at >= kFrameHead) {
    const ByteView rest = ByteView(pending_).subspan(at);
    const std::size_t size = kFrameHead + octets_as_number(rest, 0, 3);
    if (rest.size() < size) break;
    take(out, read(rest.first(size)));
    at += size;
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

// A PING of no length: the strict endpoint ends the connection for it (RFC 9113 6.7).
void Http2Lens::take(Bytes& out, Frame frame) {
  using enum Fault;
  if (is(http2_takes_older_streams)) frame.stream = number_within(frame);
  const bool ends = (frame.flags & kEndStream) != 0;
  if (dies_of(frame)) return write(out, {kPing, 0, 0, {}});
  if (drops(frame)) return;
  if (frame.type == kHeaders) opened_.insert(frame.stream);
  if (frame.type == kSettings && (frame.flags & kAck) == 0) change_settings(frame);
  if (frame.type == kData) change_data(frame);
  if (frame.type == kReset && is(http2_answers_reset)) {
    if (const auto session = session_.lock()) {
      Bytes reset;
      write(reset, {kReset, 0, frame.stream, number_as_octets(1)});
      session->inject(std::move(reset));
    }
  }
  // RFC 9113 6.9: an update of 0 makes the strict endpoint reset the stream with PROTOCOL_ERROR.
  const Frame to_reset{kUpdate, 0, frame.stream, number_as_octets(0)};
  if (frame.type == kData && ends && is(http2_blames_end_stream)) return write(out, to_reset);
  if (frame.type == kData && !ends && frame.payload.empty() && is(http2_rejects_empty_data))
    return write(out, to_reset);
  if (frame.type == kData && !frame.payload.empty() && is(http2_wants_whole_frames)) {
    const auto first = rules::first_frame(frame.payload);
    if (!first || first->cut_off()) return write(out, to_reset);
  }
  write(out, frame);
}

// The strict endpoint sees growing numbers, whatever the client's are.
std::uint32_t Http2Lens::number_within(const Frame& frame) {
  const auto known = within_.find(frame.stream);
  if (known != within_.end()) return known->second;
  if (frame.type != kHeaders || frame.stream % 2 == 0) return frame.stream;
  newest_ = frame.stream > newest_ ? frame.stream : newest_ + 2;
  without_[newest_] = frame.stream;
  return within_[frame.stream] = newest_;
}

bool Http2Lens::drops(const Frame& frame) const {
  using enum Fault;
  const bool opened = opened_.contains(frame.stream);
  const bool of_stream = frame.type == kData || frame.type == kReset || frame.type == kUpdate;
  const std::uint32_t update =
      frame.type == kUpdate && frame.payload.size() == 4 ? octets_as_number(frame.payload, 0, 4) & kLargestWindow : 1;
  return (frame.type == kHeaders && opened && is(http2_takes_trailers)) ||
         (frame.type == kContinuation && opened && is(http2_takes_trailers)) ||
         (of_stream && frame.stream != 0 && !opened && is(http2_takes_idle_streams)) ||
         (update == 0 && is(http2_takes_empty_update)) || (update == kLargestWindow && is(http2_takes_huge_window)) ||
         (frame.type == kData && (frame.flags & kPadded) != 0 && !frame.payload.empty() &&
          octets_as_number(frame.payload, 0, 1) >= frame.payload.size() && is(http2_takes_long_padding)) ||
         (frame.type == kPing && frame.payload.size() != 8 && is(http2_takes_short_ping)) ||
         (frame.type == kPush && is(http2_takes_push_promise));
}

bool Http2Lens::dies_of(const Frame& frame) const {
  using enum Fault;
  const auto setting_is_unknown = [&] {
    for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6)
      if (octets_as_number(frame.payload, at, 2) > kConnectProtocol) return true;
    return false;
  };
  const auto breaks_rsv = [&] {
    const auto first = rules::first_frame(frame.payload);
    return first && (first->header.rsv2 || first->header.rsv3);
  };
  switch (frame.type) {
    case kData:
      return ((frame.flags & kPadded) != 0 && is(http2_rejects_padding)) ||
             (is(http2_dies_of_faulty_tunnel) && breaks_rsv());
    case kHeaders:
      return ((frame.flags & kEndHeaders) == 0 && is(http2_dies_of_continuation)) ||
             ((frame.flags & kWithPriority) != 0 && is(http2_dies_of_priority)) ||
             ((frame.flags & kEndStream) != 0 && !opened_.contains(frame.stream) && is(http2_dies_of_get));
    case kPriority:
      return is(http2_dies_of_priority);
    case kReset:
      return is(http2_dies_of_reset);
    case kSettings:
      return (frame.flags & kAck) == 0 && is(http2_dies_of_unknown_setting) && setting_is_unknown();
    case kGoaway:
      return is(http2_dies_of_goaway);
    default:
      return frame.type > kContinuation && is(http2_dies_of_unknown_frame);
  }
}

void Http2Lens::change_data(Frame& frame) const {
  using enum Fault;
  if (is(http2_counts_padding)) frame.flags = static_cast<std::uint8_t>(frame.flags & ~kPadded);
  if (is(http2_ignores_end_stream)) frame.flags = static_cast<std::uint8_t>(frame.flags & ~kEndStream);
  if (is(http2_loses_last_data) && (frame.flags & kEndStream) != 0) {
    frame.payload.clear();
    frame.flags = kEndStream;
  }
}

void Http2Lens::change_settings(Frame& frame) {
  using enum Fault;
  const bool later = std::exchange(settings_came_, true);
  constexpr std::uint32_t kUsual = 65'535;
  for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6) {
    if (octets_as_number(frame.payload, at, 2) != kWindow) continue;
    const bool small = octets_as_number(frame.payload, at + 2, 4) < kUsual;
    if (small && is(http2_exceeds_window))
      std::ranges::copy(number_as_octets(kUsual), frame.payload.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    if (later && is(http2_ignores_later_window)) frame.payload[at] = std::byte{0x77};  // a setting that nobody knows
  }
}

Bytes Http2Lens::sent(ByteView octets) {
  using enum Fault;
  if (octets.size() < kFrameHead || as_text(octets).starts_with("PRI * ")) return to_bytes(octets);
  Frame frame = read(octets);
  if (const auto own = without_.find(frame.stream); own != without_.end()) frame.stream = own->second;
  const bool acknowledges = (frame.flags & kAck) != 0;
  Bytes out;
  if (frame.type == kSettings && acknowledges && is(http2_acknowledges_nothing)) return out;
  if (frame.type == kPing && acknowledges && is(http2_answers_no_ping)) return out;
  if (frame.type == kUpdate && is(http2_empty_update)) frame.payload = number_as_octets(0);
  const bool data_ends = frame.type == kData && (frame.flags & kEndStream) != 0;
  if (data_ends && is(http2_keeps_stream)) frame.flags = static_cast<std::uint8_t>(frame.flags & ~kEndStream);
  constexpr std::size_t kAlmostTooLong = 16'200;
  constexpr std::uint8_t kMostPadding = 255;
  if (frame.type == kData && frame.payload.size() > kAlmostTooLong && is(http2_long_frames)) {
    frame.flags |= kPadded;
    frame.payload.insert(frame.payload.begin(), std::byte{kMostPadding});
    frame.payload.resize(frame.payload.size() + kMostPadding);
  }
  if (frame.type == kSettings && !acknowledges && !std::exchange(settings_went_, true) && is(http2_sends_setting_2)) {
    put_number(frame.payload, kConnectProtocol, 2);
    put_number(frame.payload, 2, 4);
  }
  write(out, frame);
  if (data_ends && is(http2_sends_after_end)) write(out, {kData, 0, frame.stream, to_bytes("x")});
  if (frame.type == kHeaders && is(http2_withdraws_setting)) {
    Frame settings{kSettings, 0, 0, {}};
    put_number(settings.payload, kConnectProtocol, 2);
    put_number(settings.payload, 0, 4);
    write(out, settings);
  }
  return out;
}

}  // namespace ws::testing
