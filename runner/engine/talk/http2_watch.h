// http2_watch.h - the frames of HTTP/2 that go over a connection, looked at octet by octet beside the library that
// works with them: what they say, and which rules of RFC 9113 and RFC 8441 those of the endpoint break.
#pragma once
#include "runner/engine/verdict/http2_seen.h"

#include <ws/core/bytes.h>
#include <ws/core/http/http1.h>
#include <ws/core/state.h>

#include <deque>
#include <map>

namespace touchstone {

class Http2Watch {
 public:
  // `endpoint`: the side under test.
  explicit Http2Watch(ws::Role endpoint) : endpoint_(endpoint), preface_left_(endpoint == ws::Role::client ? 24 : 0) {}

  // What the tester sends: whole frames, perhaps after the preface.
  void sent(ws::ByteView octets);
  // These frames will go out, and are made by hand: the library does not know of them, and does not hear of what
  // answers them.
  void made_by_hand(ws::ByteView octets) { handmade_.push_back(ws::to_bytes(octets)); }
  // What comes; gives what the library is to see.
  [[nodiscard]] ws::Bytes received(ws::ByteView octets);

  void tunnel(std::uint32_t id) noexcept { tunnel_ = id; }
  // The field section of a server's final answer on the tunnel.
  void answered(const std::vector<ws::Field>& section);
  // Nothing more can come on the tunnel.
  [[nodiscard]] bool tunnel_is_over() noexcept {
    return seen_.ended || seen_.reset.has_value() || stream(tunnel_).reset_by_us;
  }
  // An acknowledgement of SETTINGS, or the answer to a PING by hand.
  [[nodiscard]] bool owes() const noexcept { return !unacknowledged_.empty() || !pings_.empty(); }
  // The endpoint had the time for it: what it still owes is a fault.
  void settle();
  void silent();  // its PING was not answered

  [[nodiscard]] std::optional<std::uint32_t> setting(std::uint16_t id) const;  // the endpoint's
  [[nodiscard]] const Http2Seen& seen() const noexcept { return seen_; }
  [[nodiscard]] Http2Seen take_seen() {
    return std::exchange(seen_, Http2Seen());
  }  // of a connection with several cases

 private:
  struct Frame {
    std::uint8_t type = 0, flags = 0;
    std::uint32_t stream = 0;
    ws::ByteView payload;
    [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  };
  struct StreamSeen {
    bool known = false, ended = false, reset = false, reset_by_us = false;
    bool data = false, head = false;
    bool unlawful = false;  // opened by the tester, and not its to open any more, or at all
    std::int64_t window = 0;
  };
  struct SentSettings {
    std::optional<std::int64_t> window;
    bool by_hand = false;
  };

  StreamSeen& stream(std::uint32_t id) { return streams_[id]; }
  void fault(std::string requirement, std::string expected, std::string seen);
  void sent_frame(const Frame& frame, bool by_hand);
  void sent_settings(const Frame& frame, bool by_hand);
  [[nodiscard]] bool received_frame(const Frame& frame);  // false: the library does not see it
  void too_long(std::uint8_t type, std::size_t size);
  bool check_order(const Frame& frame);  // true: it continues a field section
  void check_padding(const Frame& frame);
  void check_stream(const Frame& frame);
  void on_data(const Frame& frame);
  void on_headers(const Frame& frame);
  void on_reset(const Frame& frame);
  void check_answered(const StreamSeen& one);
  [[nodiscard]] bool on_settings(const Frame& frame);
  void on_setting(std::uint16_t id, std::uint32_t value);
  [[nodiscard]] bool on_ping(const Frame& frame);
  [[nodiscard]] bool on_window_update(const Frame& frame);
  [[nodiscard]] std::optional<std::string_view> wrong_value(std::uint16_t id, std::uint32_t value) const;
  [[nodiscard]] ws::Bytes legal_ones(ws::ByteView entries) const;
  void on_goaway(const Frame& frame);
  void settle_window();

  ws::Role endpoint_;
  std::size_t preface_left_;
  bool first_ = true, lost_ = false;
  ws::Bytes pending_;  // of a frame that is not whole yet
  std::map<std::uint32_t, StreamSeen> streams_;
  std::uint32_t tunnel_ = 1;
  std::uint32_t newest_ = 0;     // that the tester has opened
  std::uint32_t open_head_ = 0;  // stream of a HEADERS frame that CONTINUATION has to follow
  std::int64_t connection_window_ = 65'535, initial_window_ = 65'535;
  std::int64_t acknowledged_window_ = 65'535;  // the same, as the endpoint has certainly taken it
  std::optional<std::uint32_t> last_of_goaway_;
  std::uint32_t frame_size_ = 16'384;
  bool first_settings_sent_ = true;
  std::deque<SentSettings> unacknowledged_;
  std::deque<ws::Bytes> handmade_;  // not sent yet
  std::deque<ws::Bytes> pings_;     // by hand, not answered
  std::map<std::uint16_t, std::uint32_t> settings_;
  Http2Seen seen_;
};

}  // namespace touchstone
