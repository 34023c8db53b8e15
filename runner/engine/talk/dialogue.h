// dialogue.h - one case on one open connection: plays the steps, waits for what must come, and writes down what
// came. It judges nothing. The tester is the client or the server of the connection; the endpoint is the other.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/inbound.h"
#include "runner/engine/talk/opening.h"
#include "runner/engine/talk/outbound.h"
#include "runner/engine/talk/process_usage.h"

#include <asio/steady_timer.hpp>

#include <deque>
#include <exception>
#include <functional>

namespace touchstone {

class Dialogue : public std::enable_shared_from_this<Dialogue> {
 public:
  // `role` is the tester's. The opening handshake was made, and `opening.observation.deflate` is in force.
  Dialogue(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role, Opening opening);

  asio::awaitable<Observation> run();

  // The parts of run(), for who plays several connections in one order (scenario.h).
  asio::awaitable<void> begin();
  asio::awaitable<void> play(const Step& step);
  asio::awaitable<void> flush() { return outbound_.flush(); }  // all that the steps so far send is on the wire
  asio::awaitable<void> end();
  asio::awaitable<Observation> conclude();
  // Sends nothing for so long, or until the connection ends.
  asio::awaitable<void> idle(std::chrono::milliseconds length, bool pongs);
  [[nodiscard]] bool has_ended() const { return heard_all_ || closed_or_failed(); }
  [[nodiscard]] Observation& observation() noexcept { return o_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Waited : std::uint8_t { done, ended, silent };

  // Listening.
  asio::awaitable<void> read();
  asio::awaitable<void> read_all();
  void take(ws::ByteView octets);
  void end_of_stream(const std::error_code& error);
  void stop_listening();  // more came than is kept

  // Waiting: by events; time is only the failing path.
  asio::awaitable<void> sleep_until_changed(Clock::time_point until);
  // Waits for `done`, for the end of the stream, or for `silence` without an octet from the endpoint.
  asio::awaitable<Waited> wait_for(std::function<bool()> done, Clock::duration silence);
  asio::awaitable<Waited> wait_for(std::function<bool()> done, std::string what);
  [[nodiscard]] Silences::Patience patience(const std::string& what) const;
  [[nodiscard]] bool keeps_it_busy() const;
  [[nodiscard]] bool has_come(const std::string& what, Waited waited) const;
  void fell_silent(const std::string& what, bool is_proof);
  [[nodiscard]] bool closed_or_failed() const { return o_.close.has_value() || inbound_.failed(); }
  // Nothing that the steps still hold would change what the endpoint does.
  [[nodiscard]] bool over() const;

  asio::awaitable<void> answer_pings();
  void set_reading(bool on);

  // Steps: one function for each kind, and none for all of them, so that a new kind is not passed over in silence.
  asio::awaitable<void> play(const std::vector<Step>& steps);
  void pause();  // as the options say
  asio::awaitable<void> play(const step::Frame& frame);
  asio::awaitable<void> play(const step::Message& message);
  asio::awaitable<void> play(const step::Close& close);
  asio::awaitable<void> play(const step::Sentinel& sentinel);
  asio::awaitable<void> play(const step::AwaitEcho&);
  asio::awaitable<void> play(const step::Octets& raw);
  asio::awaitable<void> play(const step::Tcp& tcp);
  asio::awaitable<void> play(const step::Reading& reading);
  asio::awaitable<void> play(const step::Alive& alive);
  asio::awaitable<void> play(const step::Repeat& repeat);
  asio::awaitable<void> play(const step::Open&);
  asio::awaitable<void> play(const step::Idle& idle);
  asio::awaitable<void> play(const step::Hold& hold);
  asio::awaitable<void> play(const step::Stuck& stuck);
  asio::awaitable<void> send_with_pauses(const step::Frame& frame, std::size_t payload_size);
  asio::awaitable<void> measure_before();
  asio::awaitable<void> knock(const step::Alive& alive);
  void compare_usage(const step::Alive& alive);
  void compare_memory(std::uint64_t most_mib);
  void gather_sentinel(std::string mark);
  void mark_close(ws::ByteView payload);
  void passed(const std::string& mark);

  // Real pressure (dialogue_pressure.cc).
  struct Pressure;
  asio::awaitable<void> let_go();
  void send_beside();
  asio::awaitable<void> pump();
  [[nodiscard]] Pressure pressure();
  asio::awaitable<Pressure> until_nothing_moves(bool enough_when_read);
  asio::awaitable<bool> has_enough();

  // What connections leave behind (dialogue_upkeep.cc).
  asio::awaitable<void> play_crowd(const step::Alive& alive);
  asio::awaitable<bool> let_in(const step::Alive& alive);
  asio::awaitable<Knocked> knock_until_let_in(std::chrono::milliseconds patience, std::optional<step::Alive::How> how);
  asio::awaitable<void> until_sockets_are_closed(const step::Alive& alive, std::size_t before);
  asio::awaitable<void> until_it_rests();
  asio::awaitable<void> pause(Clock::duration length);

  // Ends (dialogue_ends.cc).
  asio::awaitable<void> finish();
  [[nodiscard]] bool is_idle() const;
  asio::awaitable<void> leave();
  asio::awaitable<void> end_politely();
  asio::awaitable<void> end_in_failure();
  asio::awaitable<void> see_stream_end();
  asio::awaitable<void> abandon();
  asio::awaitable<void> send_close();
  asio::awaitable<void> end_tcp();
  asio::awaitable<void> look_for_reset();
  [[nodiscard]] bool all_replies_in() const;
  [[nodiscard]] bool all_messages_in() const;

  void note_seen(Seen::Kind kind, std::string payload = {});

  const Case& case_;
  SessionOptions options_;
  const ws::Role role_;
  std::unique_ptr<ws::io::Stream> stream_;
  Observation o_;
  Recorder recorder_;
  Inbound inbound_;
  PayloadGenerator payloads_;
  Composer composer_;
  Outbound outbound_;
  asio::steady_timer changed_;
  Clock::time_point deadline_, last_activity_ = Clock::now();
  ws::Bytes early_;  // what came after the endpoint's head
  ProcessUsage usage_before_;
  Knocked knock_before_;           // of a fresh connection, just before the steps
  bool asks_beside_ = false;       // the steps ask for fresh connections beside this one
  bool wants_to_read_ = true;      // false: a slow reader
  bool reader_runs_ = false;       // read() has not returned yet
  std::exception_ptr thrown_;      // of read(): there was no memory
  bool heard_all_ = false;         // nothing more is heard: the stream ended, or the tester reset it
  bool close_sent_ = false;        // a Close frame went out, of the steps or the tester's own
  bool in_frame_ = false;          // some octets of a frame are on the wire, and not all
  bool torn_ = false;              // a frame was left unfinished, and what follows it is part of it
  bool gave_up_ = false;           // an echo that was waited for did not come
  bool is_silent_ = false;         // something was waited for in vain, long enough for a proof
  bool at_its_end_ = false;        // nothing but the closing handshake, or the end of TCP, is missing
  bool end_awaited_ = false;       // the end of the connection was, and nothing was sent since
  bool held_ = false;              // nothing is read, and what is sent is written beside all else
  std::deque<ws::Bytes> queue_;    // of what is written so
  std::size_t queued_ = 0;         // octets in it, and in the write that is under way
  bool pump_runs_ = false;         // that has not come to its end
  int rounds_when_full_ = 0;       // of a repeat, since the endpoint's kernel takes nothing more
  std::size_t beside_octets_ = 0;  // that were written beside, and how many until it was full
  std::optional<std::size_t> octets_when_full_{};
};

}  // namespace touchstone
