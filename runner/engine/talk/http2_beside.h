// http2_beside.h - the other streams of a case's connection: ordinary requests and further WebSockets.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/http2_framing.h"
#include "runner/engine/talk/opening.h"

#include <map>

namespace touchstone {

class Http2Neighbours {
 public:
  // `c`: a case about HTTP/2.
  Http2Neighbours(const Case& c, Http2Framing& framing, std::shared_ptr<ws::io::http2::Session> connection,
                  const Target& target, const SessionOptions& options);
  ~Http2Neighbours();

  // Before the tunnel of the case is asked for, when it is open, and when it is over.
  asio::awaitable<void> first() { return begin(true); }
  asio::awaitable<void> meanwhile() { return begin(false); }
  asio::awaitable<void> last();

  // There were some with END_STREAM after a message, and each of them was answered.
  [[nodiscard]] bool answers_after_end() const noexcept { return ended_ > 0 && answered_ == ended_; }
  // What went wrong, for people.
  [[nodiscard]] std::vector<std::string> take_complaints() { return std::move(complaints_); }
  [[nodiscard]] std::vector<std::string> take_complaints_of_pongs() { return std::move(of_pongs_); }

 private:
  struct Tunnel;
  asio::awaitable<void> begin(bool first);
  asio::awaitable<void> begin(Http2Beside::What what);
  asio::awaitable<void> end(Tunnel& tunnel);
  asio::awaitable<void> request(ws::io::http2::Fields section, bool end, std::string what);
  asio::awaitable<std::unique_ptr<Tunnel>> open();
  asio::awaitable<void> write(Tunnel& tunnel, ws::ByteView octets);
  // Until then, or the end of the tunnel.
  asio::awaitable<void> hear(Tunnel& tunnel, std::function<bool()> done);
  void complain(std::string text) { complaints_.push_back(std::move(text)); }

  const Case& case_;
  Http2Framing& framing_;
  std::shared_ptr<ws::io::http2::Session> connection_;
  const Target& target_;
  const SessionOptions& options_;
  std::vector<std::unique_ptr<Tunnel>> halves_;  // that wait for the rest of their message
  std::vector<std::unique_ptr<Tunnel>> kept_;    // that stay open
  std::size_t ended_ = 0, answered_ = 0;         // tunnels with END_STREAM after a message
  std::vector<std::string> complaints_, of_pongs_;
};

}  // namespace touchstone
