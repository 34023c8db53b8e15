// outbound.h - what goes to the endpoint: octets of frames are gathered and written, cut as the case says.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/opening.h"
#include "runner/engine/talk/read_by_peer.h"
#include "runner/engine/talk/watchdog.h"

#include <asio/steady_timer.hpp>

#include <functional>

namespace touchstone {

// Long for this connection: a pause where nothing can be asked of the endpoint.
[[nodiscard]] std::chrono::steady_clock::duration moment(const SessionOptions& options);

class Outbound {
 public:
  // `ahead`: octets of the steps that are on the wire already. The stream, the recorder and the options outlive this.
  // `over`: what is sent from now on makes no difference.
  Outbound(const Case& c, const SessionOptions& options, ws::io::Stream& stream, Recorder& recorder, std::size_t ahead,
           std::function<bool()> over);

  // Takes the frames that a step is made of.
  [[nodiscard]] Composer::Sink sink();
  // Octets without a frame around them.
  void gather(ws::ByteView octets);
  [[nodiscard]] bool holds_something() const noexcept { return !gathered_.empty(); }
  // What is gathered, for a caller who writes it in pieces.
  [[nodiscard]] ws::Bytes take();

  // Writes; nothing happens when nothing can be sent any more.
  [[nodiscard]] asio::awaitable<void> put(ws::ByteView octets);
  [[nodiscard]] asio::awaitable<void> put_gathered();  // in one write
  [[nodiscard]] asio::awaitable<void> flush();         // all that is gathered, cut as the case says
  [[nodiscard]] asio::awaitable<void> until_read();    // the endpoint has read all that was written, as far as is known
  // After each step: one write a frame, or one write for all up to the next wait.
  [[nodiscard]] asio::awaitable<void> after_step();

  // While held back, what is gathered stays where it is until take(), and put() waits for the endpoint without an end.
  void hold_back(bool on) noexcept { held_back_ = on; }

  // Ends the tester's half of TCP (FIN), once.
  [[nodiscard]] asio::awaitable<void> end();
  [[nodiscard]] bool has_ended() const noexcept { return fin_sent_; }
  // Nothing more is sent: the stream is gone.
  void give_up() noexcept { can_send_ = false; }
  // False: a write failed, the tester ended its half of TCP, or the stream is gone.
  [[nodiscard]] bool can_send() const noexcept { return can_send_; }

  // While set it is called when a write does not get through within a moment.
  void call_when_stuck(std::function<void()> call) { when_stuck_ = std::move(call); }

 private:
  void watch_for_stuck();
  void note_cuts(std::size_t start, std::size_t header);
  void cut_by_number(std::size_t size);
  [[nodiscard]] asio::awaitable<void> put_piece(ws::ByteView octets, bool in_header);

  const Wire wire_;
  const bool waits_;  // a cut counts when the endpoint has read what came before it
  const SessionOptions& options_;
  ws::io::Stream& stream_;
  Recorder& recorder_;
  std::size_t ahead_;
  ws::Bytes gathered_;
  struct Cut {
    std::size_t at = 0;
    bool in_header = false;  // the octet after it, or before it, is one of a frame's header
  };
  std::vector<Cut> cuts_;                                     // where it is cut, in order
  std::vector<std::pair<std::size_t, std::size_t>> headers_;  // first octet and end, of the frames in it
  std::size_t waits_left_;                                    // for what is no header
  std::function<bool()> over_;
  ReadByPeer read_;
  Watchdog watchdog_;
  asio::steady_timer stuck_;
  std::function<void()> when_stuck_;
  bool can_send_ = true;
  bool held_back_ = false;
  bool fin_sent_ = false;
};

}  // namespace touchstone
