// http2_framing.h - the frames of a case about HTTP/2 as it wants them. nghttp2 makes the ordinary ones; what departs
// from them is made of those by hand, on their way out.
#pragma once
#include "runner/catalogue/http2_script.h"
#include "runner/catalogue/payload.h"
#include "runner/engine/talk/http2_watch.h"
#include "runner/engine/talk/recorder.h"

#include <ws/io/http2/tunnel_stream.h>

#include <deque>
#include <functional>

struct nghttp2_hd_deflater;

namespace touchstone {

// Fields as they are, in any case and order: nghttp2's coder without its session, which changes names.
class Hpack {
 public:
  Hpack();
  ~Hpack();
  Hpack(const Hpack&) = delete;
  Hpack& operator=(const Hpack&) = delete;
  void limit_table(std::size_t octets);  // SETTINGS_HEADER_TABLE_SIZE of the endpoint
  [[nodiscard]] ws::Bytes encode(const ws::io::http2::Fields& section);

 private:
  nghttp2_hd_deflater* deflater_ = nullptr;
};

class Http2Framing : public std::enable_shared_from_this<Http2Framing> {
 public:
  // `watch` knows what the endpoint allows, and hears of frames that are made by hand.
  Http2Framing(const Http2Script& script, std::uint64_t seed, std::shared_ptr<Http2Watch> watch);

  // Of the connection; keeps this object.
  void apply_to(ws::io::http2::SessionOptions& options);
  [[nodiscard]] ws::io::http2::TunnelStream::Edited request(ws::io::http2::Fields section);
  // The next request of the connection has these fields, as they are.
  void expect(ws::io::http2::Fields section) { sections_.push_back(std::move(section)); }
  // Of a server, which has the stream before it answers.
  void tunnel(std::uint32_t id) { watch_->tunnel(tunnel_ = id); }
  // The case's own frames of that moment, for the tunnel on that stream of `session`.
  void send_frames(Http2Frame::When when, ws::io::http2::Session& session, Recorder* recorder);
  // The tunnel is open, and the windows may be held from now on.
  void on_stall(std::function<void()> send) { on_stall_ = std::move(send); }

 private:
  [[nodiscard]] ws::Bytes rewrite(ws::ByteView frame);
  [[nodiscard]] ws::Bytes settings(ws::ByteView frame) const;
  [[nodiscard]] ws::Bytes headers(ws::ByteView frame);
  [[nodiscard]] ws::Bytes data(ws::ByteView frame);
  [[nodiscard]] ws::Bytes by_hand(const Http2Frame& frame, std::uint32_t tunnel);
  [[nodiscard]] ws::Bytes within(std::uint32_t tunnel);

  const Http2Script script_;
  PayloadGenerator payloads_;
  std::shared_ptr<Http2Watch> watch_;
  Hpack hpack_;
  std::deque<ws::io::http2::Fields> sections_;  // of requests that nghttp2 has not put into frames yet
  std::uint32_t tunnel_ = 0;                    // 0: not asked for yet
  bool settings_sent_ = false, within_sent_ = false, tunnel_is_next_ = false;
  std::function<void()> on_stall_;
};

// Whether the connection lives on beside its tunnel, and what was said if not.
// The error is that of a PING at the end: asio::error::timed_out says that no answer came.
[[nodiscard]] asio::awaitable<std::error_code> see_connection(ws::io::http2::Session& connection,
                                                              std::chrono::milliseconds timeout, Http2Watch& watch,
                                                              Http2Seen& seen);

}  // namespace touchstone
