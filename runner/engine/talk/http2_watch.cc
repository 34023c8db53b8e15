#include "runner/engine/talk/http2_watch.h"

#include "runner/engine/compose/http2_frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {

using http2::name_of_error, http2::name_of_type;

namespace {

constexpr std::uint32_t kLargestWindow = 0x7fffffff;

// Calls `each` for every whole frame; gives the octets that these are.
template <class Each>
std::size_t for_each_frame(ws::ByteView octets, Each&& each) {
  std::size_t at = 0;
  while (octets.size() - at >= http2::kHead) {
    const ws::ByteView rest = octets.subspan(at);
    const std::size_t size = http2::kHead + http2::payload_size(rest);
    if (rest.size() < size) break;
    each(rest.first(size));
    at += size;
  }
  return at;
}

}  // namespace

void Http2Watch::fault(std::string requirement, std::string expected, std::string seen) {
  constexpr std::size_t kMost = 8;
  const auto same = [&](const Http2Fault& known) { return known.requirement == requirement; };
  if (seen_.faults.size() < kMost && std::ranges::none_of(seen_.faults, same))
    seen_.faults.push_back({std::move(requirement), std::move(expected), std::move(seen)});
}

// --- What the tester sends ---

void Http2Watch::sent(ws::ByteView octets) {
  if (ws::as_text(octets).starts_with(http2::kPreface)) octets = octets.subspan(http2::kPreface.size());
  for_each_frame(octets, [this](ws::ByteView frame) {
    const auto head = http2::head_of(frame);
    const bool by_hand = !handmade_.empty() && std::ranges::equal(handmade_.front(), frame);
    if (by_hand) handmade_.pop_front();
    sent_frame({head.type, head.flags, head.stream, frame.subspan(http2::kHead)}, by_hand);
  });
}

void Http2Watch::sent_frame(const Frame& frame, bool by_hand) {
  if (frame.type == http2::headers && frame.stream != 0) {
    StreamSeen& own = stream(frame.stream);
    const bool opens = !std::exchange(own.known, true);
    if (opens) own.window = initial_window_;
    const bool passed_over = by_hand && frame.stream < newest_;
    own.unlawful = endpoint_ == ws::Role::server && (frame.stream % 2 == 0 || own.unlawful || (opens && passed_over));
    if (frame.stream % 2 != 0) newest_ = std::max(newest_, frame.stream);
  } else if (frame.type == http2::settings && !frame.has(http2::ack)) {
    sent_settings(frame, by_hand);
  } else if (frame.type == http2::window_update && frame.payload.size() == 4) {
    const std::int64_t more = http2::number(frame.payload, 0, 4) & kLargestWindow;
    (frame.stream == 0 ? connection_window_ : stream(frame.stream).window) += more;
  } else if (frame.type == http2::rst_stream) {
    stream(frame.stream).reset_by_us = true;
    const bool for_window =
        frame.payload.size() == 4 && http2::number(frame.payload, 0, 4) == http2::flow_control_error;
    seen_.gave_up = seen_.gave_up || (for_window && frame.stream == tunnel_ && !unacknowledged_.empty());
  } else if (frame.type == http2::ping && by_hand && !frame.has(http2::ack) && frame.stream == 0 &&
             frame.payload.size() == 8) {
    pings_.push_back(ws::to_bytes(frame.payload));
  }
}

void Http2Watch::sent_settings(const Frame& frame, bool by_hand) {
  SentSettings sent;
  sent.by_hand = by_hand;
  for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6) {
    const auto id = http2::number(frame.payload, at, 2);
    const auto value = http2::number(frame.payload, at + 2, 4);
    if (id == http2::initial_window_size) sent.window = value;
    if (id == http2::max_frame_size) frame_size_ = std::max(frame_size_, value);
  }
  // RFC 9113 6.5: settings are applied in the order of frames, so that every stream begins with those of the first.
  if (std::exchange(first_settings_sent_, false) && sent.window) acknowledged_window_ = *sent.window;
  unacknowledged_.push_back(sent);
  settle_window();
}

// Until it acknowledges them the endpoint may go by its old settings, or by those that are on their way.
void Http2Watch::settle_window() {
  std::int64_t window = acknowledged_window_;
  for (const SentSettings& sent : unacknowledged_) window = std::max(window, sent.window.value_or(window));
  const std::int64_t more = window - std::exchange(initial_window_, window);
  for (auto& [id, one] : streams_)
    if (one.known) one.window += more;
}

void Http2Watch::answered(const std::vector<ws::Field>& section) {
  const ws::Field* const status = ws::find_field(section, ":status");
  if (status == nullptr || !status->value.starts_with('2')) return;
  for (const std::string_view name : {"content-length", "transfer-encoding"})
    if (const ws::Field* const field = ws::find_field(section, name))
      fault("rfc9110-9.3.6-2", "no Content-Length or Transfer-Encoding in a 2xx answer to CONNECT",
            fmt::format("{}: {}", field->name, field->value));
}

// --- What comes ---

ws::Bytes Http2Watch::received(ws::ByteView octets) {
  ws::Bytes out;
  if (preface_left_ > 0) {
    const std::size_t count = std::min(preface_left_, octets.size());
    ws::append(out, octets.first(count));
    octets = octets.subspan(count);
    preface_left_ -= count;
  }
  if (lost_) {
    ws::append(out, octets);
    return out;
  }
  ws::append(pending_, octets);
  const std::size_t taken = for_each_frame(pending_, [&](ws::ByteView frame) {
    const auto head = http2::head_of(frame);
    const Frame read{head.type, head.flags, head.stream, frame.subspan(http2::kHead)};
    if (!received_frame(read)) return;
    // What the library would end the connection for, it does not see.
    if (head.type == http2::settings)
      return http2::put_frame(out, head, read.has(http2::ack) ? ws::Bytes() : legal_ones(read.payload));
    ws::append(out, frame);
  });
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (pending_.size() < http2::kHead || http2::payload_size(pending_) <= frame_size_) return out;
  too_long(http2::head_of(pending_).type, http2::payload_size(pending_));
  lost_ = true;  // the library ends the connection for it
  ws::append(out, std::exchange(pending_, {}));
  return out;
}

void Http2Watch::too_long(std::uint8_t type, std::size_t size) {
  fault("rfc9113-4.2-2", fmt::format("no frame is longer than the {} bytes that the tester takes", frame_size_),
        fmt::format("{} of {} bytes", name_of_type(type), size));
}

bool Http2Watch::received_frame(const Frame& frame) {
  if (frame.payload.size() > frame_size_) too_long(frame.type, frame.payload.size());
  const bool continues = check_order(frame);
  check_padding(frame);
  if (!continues) check_stream(frame);  // RFC 9113 6.2: END_STREAM stands on HEADERS, whatever continues them
  switch (frame.type) {
    case http2::data:
      on_data(frame);
      break;
    case http2::headers:
      on_headers(frame);
      break;
    case http2::rst_stream:
      on_reset(frame);
      break;
    case http2::settings:
      return on_settings(frame);
    case http2::ping:
      return on_ping(frame);
    case http2::goaway:
      on_goaway(frame);
      break;
    case http2::window_update:
      return on_window_update(frame);
    case http2::push_promise:
      // RFC 9113 6.6: the tester's SETTINGS have ENABLE_PUSH with 0; and a client never pushes (8.4).
      fault(endpoint_ == ws::Role::server ? "rfc9113-6.6-1" : "rfc9113-8.4-1", "no PUSH_PROMISE", "one");
      break;
    default:
      break;
  }
  return true;
}

// RFC 9113 3.4: SETTINGS are the first frame; 6.10: a field section is not interrupted.
bool Http2Watch::check_order(const Frame& frame) {
  if (std::exchange(first_, false) && (frame.type != http2::settings || frame.has(http2::ack)))
    fault("rfc9113-3.4-1", "the first frame is SETTINGS", name_of_type(frame.type));
  const bool continues = frame.type == http2::continuation && frame.stream == open_head_;
  if ((open_head_ != 0) != (frame.type == http2::continuation) || (open_head_ != 0 && !continues))
    fault("rfc9113-6.10-1", "CONTINUATION follows HEADERS without END_HEADERS, and nothing else",
          fmt::format("{} on stream {}", name_of_type(frame.type), frame.stream));
  if (frame.type == http2::headers || frame.type == http2::continuation)
    open_head_ = frame.has(http2::end_headers) ? 0 : frame.stream;
  return continues;
}

void Http2Watch::check_padding(const Frame& frame) {
  if ((frame.type != http2::data && frame.type != http2::headers) || !frame.has(http2::padded)) return;
  if (frame.payload.empty() || http2::number(frame.payload, 0, 1) >= frame.payload.size())
    fault("rfc9113-6.1-1", "padding is shorter than the frame",
          fmt::format("{} whose padding is as long, or longer", name_of_type(frame.type)));
}

// RFC 9113 5.1: what may be sent on a stream that is idle, or that the sender has ended or reset.
void Http2Watch::check_stream(const Frame& frame) {
  const bool of_stream = frame.type == http2::data || frame.type == http2::headers || frame.type == http2::rst_stream ||
                         frame.type == http2::window_update || frame.type == http2::continuation;
  if (!of_stream || (frame.stream == 0 && frame.type == http2::window_update)) return;
  const bool opens = endpoint_ == ws::Role::client && frame.type == http2::headers;
  const StreamSeen& one = stream(frame.stream);
  const auto what = [&](std::string_view why) {
    return fmt::format("{} on stream {}, {}", name_of_type(frame.type), frame.stream, why);
  };
  constexpr std::string_view kRule = "nothing is sent on a stream that is idle, or that the sender has ended or reset";
  const bool carries = frame.type == http2::data || frame.type == http2::headers || frame.type == http2::continuation;
  if (frame.stream == 0 || (!one.known && !opens)) {
    fault("rfc9113-5.1-3", std::string(kRule), what("which nobody opened"));
  } else if (one.reset && carries) {  // another RST_STREAM may answer what still comes (RFC 9113 5.4.2)
    fault("rfc9113-5.1-3", std::string(kRule), what("which it had reset"));
  } else if (one.ended && carries) {
    fault("rfc9113-5.1-3", std::string(kRule), what("which it had ended"));
  }
}

void Http2Watch::on_data(const Frame& frame) {
  StreamSeen& one = stream(frame.stream);
  const auto size = static_cast<std::int64_t>(frame.payload.size());
  if (endpoint_ == ws::Role::server && one.known && !one.head)
    fault("rfc9113-8.3.2-1", "the answer begins with :status", "DATA before any HEADERS");
  // RFC 9113 6.9: the whole payload counts, with its padding. An empty frame needs no window.
  const std::int64_t window = std::min(one.window, connection_window_);
  if (size > 0 && one.known && size > window)
    fault("rfc9113-6.9.1-1", "no more DATA than the windows allow",
          fmt::format("DATA of {} bytes on stream {} with a window of {}", size, frame.stream, window));
  one.window -= size;
  connection_window_ -= size;
  one.data = true;
  if (!frame.has(http2::end_stream)) return;
  one.ended = true;
  if (frame.stream == tunnel_) seen_.ended = true;
}

void Http2Watch::on_headers(const Frame& frame) {
  StreamSeen& one = stream(frame.stream);
  if (endpoint_ == ws::Role::client && !std::exchange(one.known, true)) one.window = initial_window_;
  if (frame.stream == tunnel_ && one.data)
    fault("rfc8441-5-21", "nothing but DATA and what manages the stream on an open tunnel", "HEADERS after DATA");
  one.head = true;
  check_answered(one);
  if (!frame.has(http2::end_stream)) return;
  one.ended = true;
  if (frame.stream == tunnel_) seen_.ended = true;
}

void Http2Watch::check_answered(const StreamSeen& one) {
  if (one.unlawful)
    fault("rfc9113-5.1.1-1",
          "a request on a stream with an even number, or on one that was passed over, is an error of the connection",
          "the stream was answered");
}

void Http2Watch::on_reset(const Frame& frame) {
  StreamSeen& one = stream(frame.stream);
  check_answered(one);
  one.reset = true;
  if (frame.payload.size() != 4)
    fault("rfc9113-6.4-2", "RST_STREAM has four bytes", fmt::format("{} bytes", frame.payload.size()));
  if (frame.stream != tunnel_ || frame.payload.size() != 4) return;
  seen_.reset = http2::number(frame.payload, 0, 4);
  seen_.reset_after_ours = one.reset_by_us;
}

bool Http2Watch::on_settings(const Frame& frame) {
  if (frame.stream != 0) fault("rfc9113-6.5-1", "SETTINGS are of stream 0", fmt::format("of stream {}", frame.stream));
  if (frame.has(http2::ack) ? !frame.payload.empty() : frame.payload.size() % 6 != 0)
    fault("rfc9113-6.5-2", "entries of six bytes; an acknowledgement has none",
          fmt::format("SETTINGS{} of {} bytes", frame.has(http2::ack) ? " with ACK" : "", frame.payload.size()));
  if (!frame.has(http2::ack)) {
    for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6)
      on_setting(static_cast<std::uint16_t>(http2::number(frame.payload, at, 2)),
                 http2::number(frame.payload, at + 2, 4));
    return true;
  }
  if (unacknowledged_.empty()) return true;
  const SentSettings sent = unacknowledged_.front();
  unacknowledged_.pop_front();
  acknowledged_window_ = sent.window.value_or(acknowledged_window_);
  settle_window();
  return !sent.by_hand;
}

// The entries without those that are out of range: the library would end the connection for them.
ws::Bytes Http2Watch::legal_ones(ws::ByteView entries) const {
  ws::Bytes out;
  for (; entries.size() >= 6; entries = entries.subspan(6)) {
    const auto id = static_cast<std::uint16_t>(http2::number(entries, 0, 2));
    if (!wrong_value(id, http2::number(entries, 2, 4))) ws::append(out, entries.first(6));
  }
  ws::append(out, entries);
  return out;
}

// What is true of legal ones. RFC 9113 6.5.2, RFC 8441 3.
std::optional<std::string_view> Http2Watch::wrong_value(std::uint16_t id, std::uint32_t value) const {
  constexpr std::uint32_t kSmallestFrame = 16'384, kLargestFrame = 16'777'215;
  const bool server = endpoint_ == ws::Role::server;
  if (id == http2::enable_connect_protocol && value > 1) return "SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 or 1";
  if (id == http2::enable_push && value > (server ? 0U : 1U))
    return server ? "ENABLE_PUSH of a server is 0" : "ENABLE_PUSH is 0 or 1";
  if (id == http2::initial_window_size && value > kLargestWindow) return "INITIAL_WINDOW_SIZE is at most 2^31-1";
  if (id == http2::max_frame_size && (value < kSmallestFrame || value > kLargestFrame))
    return "MAX_FRAME_SIZE lies from 2^14 to 2^24-1";
  return std::nullopt;
}

void Http2Watch::on_setting(std::uint16_t id, std::uint32_t value) {
  const bool of_connect = id == http2::enable_connect_protocol;
  if (const auto wrong = wrong_value(id, value)) {
    fault(of_connect ? "rfc8441-3-1" : "rfc9113-6.5.2-2", std::string(*wrong), fmt::format("it is {}", value));
  } else if (of_connect && value == 0 && setting(id) == 1u) {
    fault("rfc8441-3-4", "SETTINGS_ENABLE_CONNECT_PROTOCOL stays 1 once it was", "0 after 1");
  } else if (id == http2::max_frame_size) {
    seen_.frame_size = value;
  }
  settings_[id] = value;
  if (id <= http2::enable_connect_protocol) seen_.settings[id] = value;
}

bool Http2Watch::on_ping(const Frame& frame) {
  if (frame.stream != 0) fault("rfc9113-6.7-2", "PING is of stream 0", fmt::format("of stream {}", frame.stream));
  if (frame.payload.size() != 8)
    fault("rfc9113-6.7-3", "PING has eight bytes", fmt::format("{} bytes", frame.payload.size()));
  if (!frame.has(http2::ack)) return true;
  const auto ours =
      std::ranges::find_if(pings_, [&](const ws::Bytes& ping) { return std::ranges::equal(ping, frame.payload); });
  if (ours == pings_.end()) return true;
  pings_.erase(ours);
  return false;
}

void Http2Watch::on_goaway(const Frame& frame) {
  if (frame.stream != 0) fault("rfc9113-6.8-2", "GOAWAY is of stream 0", fmt::format("one of stream {}", frame.stream));
  if (frame.payload.size() < 8) return;
  const std::uint32_t last = http2::number(frame.payload, 0, 4) & kLargestWindow;
  if (last > last_of_goaway_.value_or(kLargestWindow))
    fault("rfc9113-6.8-4", "a later GOAWAY names no higher stream", fmt::format("{} after {}", last, *last_of_goaway_));
  for (const auto& [id, one] : streams_)
    if (endpoint_ == ws::Role::server && one.head && id > last)
      fault("rfc9113-6.8-3", "GOAWAY names the last stream that was worked on, or a later one",
            fmt::format("{}, and stream {} had been answered", last, id));
  last_of_goaway_ = last;
  seen_.goaway = http2::number(frame.payload, 4, 4);
}

// The library would end the connection for it, and nothing else could be seen of the endpoint.
bool Http2Watch::on_window_update(const Frame& frame) {
  if (frame.payload.size() != 4) {
    fault("rfc9113-6.9-3", "WINDOW_UPDATE has four bytes", fmt::format("{} bytes", frame.payload.size()));
    return false;
  }
  if ((http2::number(frame.payload, 0, 4) & kLargestWindow) != 0) return true;
  fault("rfc9113-6.9-1", "WINDOW_UPDATE adds something", "one of 0");
  return false;
}

void Http2Watch::settle() {
  if (!unacknowledged_.empty())
    fault("rfc9113-6.5.3-1", "SETTINGS are acknowledged as soon as they are applied",
          "no acknowledgement came, and a PING that was sent later was answered");
  if (!pings_.empty()) fault("rfc9113-6.7-1", "PING is answered with its own eight bytes", "no such answer came");
}

void Http2Watch::silent() {
  if (!seen_.goaway) fault("rfc9113-6.7-1", "PING is answered with its own eight bytes", "no such answer came");
}

std::optional<std::uint32_t> Http2Watch::setting(std::uint16_t id) const {
  const auto found = settings_.find(id);
  return found == settings_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace touchstone
