// pipe_end.h - one connection of the tester with the intermediary: what arrives is read as it comes, and taken apart
// into heads, contents and octets of the new protocol (RFC 9112 6.3).
#pragma once
#include "runner/engine/talk/recorder.h"
#include "runner/proxy/relayed.h"

#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>

#include <asio/awaitable.hpp>

#include <deque>
#include <memory>

namespace touchstone::proxy {

class PipeEnd {
 public:
  enum class Of : std::uint8_t { client, server };  // whose words arrive here: a server's, or a client's
  PipeEnd(std::unique_ptr<ws::io::Stream> stream, Of of, ws::Bytes read, std::size_t keep);

  // Reads until TCP ends or the stream is closed; `changed` hears of every arrival. Keeps `self` until then.
  static asio::awaitable<void> read_all(std::shared_ptr<PipeEnd> self, std::shared_ptr<ws::io::Signal> changed);

  // Queues what is said: octets, then the end of this half or a reset. One after the other, whoever waits.
  static void say(const std::shared_ptr<PipeEnd>& self, ws::Bytes octets, bool fin, bool reset,
                  std::shared_ptr<ws::io::Signal> changed);
  [[nodiscard]] bool is_writing() const noexcept { return writing_; }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }  // octets of what was said

  [[nodiscard]] ws::io::Stream& stream() noexcept { return *stream_; }
  [[nodiscard]] Recorder& recorder() noexcept { return recorder_; }
  [[nodiscard]] std::vector<HeadSeen>& heads() noexcept { return heads_; }
  [[nodiscard]] const std::vector<HeadSeen>& heads() const noexcept { return heads_; }
  [[nodiscard]] const std::vector<HeadSeen>& interim() const noexcept { return interim_; }
  [[nodiscard]] const std::string& raw_heads() const noexcept { return raw_heads_; }
  [[nodiscard]] bool eof() const noexcept { return eof_; }
  [[nodiscard]] bool reset() const noexcept { return reset_; }
  // Octets after the heads and their contents, as far as they are known to be that.
  [[nodiscard]] const ws::Bytes& octets() const noexcept { return octets_; }
  [[nodiscard]] std::size_t all_octets() const noexcept { return octets_.size() + (in_.size() - at_); }
  // What is left is no head: it belongs to the octets.
  void give_up_heads();

  // From here on everything is of the new protocol: this server answered 101.
  void switch_protocols();
  // The next answer is to this method (RFC 9112 6.3: HEAD has no content).
  void expect_answer_to(std::string method) { method_ = std::move(method); }
  [[nodiscard]] bool is_paused() const noexcept { return paused_; }
  void pause(bool on) {
    paused_ = on;
    resumed_.notify_all();
  }

  std::size_t answered = 0;  // of a server: so many of its requests
  const Recorder::Clock::time_point began = Recorder::Clock::now();

 private:
  enum class Mode : std::uint8_t { head, fixed, chunked, until_end, octets };
  struct Words {
    ws::Bytes octets;
    bool fin = false, reset = false;
  };
  static asio::awaitable<bool> write_pieces(PipeEnd& self, ws::ByteView octets, ws::io::Signal& changed);
  static asio::awaitable<void> write_all(std::shared_ptr<PipeEnd> self, std::shared_ptr<ws::io::Signal> changed);
  void take(ws::ByteView octets);
  void parse();
  bool parse_head();
  void begin_content(HeadSeen& head);
  bool take_fixed();
  bool take_chunk();
  void end_content();
  [[nodiscard]] HeadSeen& current() { return last_interim_ ? interim_.back() : heads_.back(); }

  std::unique_ptr<ws::io::Stream> stream_;
  Of of_;
  Recorder recorder_;
  ws::Bytes in_;
  std::size_t at_ = 0;
  Mode mode_ = Mode::head;
  std::uint64_t left_ = 0;
  bool last_interim_ = false;
  std::string method_;
  std::vector<HeadSeen> heads_, interim_;
  std::string raw_heads_;
  ws::Bytes octets_;
  bool eof_ = false, reset_ = false, paused_ = false, writing_ = false;
  std::deque<Words> words_;
  std::uint64_t written_ = 0;
  ws::io::Signal resumed_;
};

// A head of a sender or receiver, parsed with patience for what a strict one refuses; nothing when it is no head.
[[nodiscard]] std::optional<HeadSeen> read_request(ws::ByteView head);
[[nodiscard]] std::optional<HeadSeen> read_answer(ws::ByteView head);

}  // namespace touchstone::proxy
