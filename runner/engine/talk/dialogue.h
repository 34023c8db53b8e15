// dialogue.h - one case on one open connection: plays the steps, waits for what must come, and writes down what
// came. It judges nothing. The tester is the client or the server of the connection; the endpoint is the other.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/inbound.h"
#include "runner/engine/talk/opening.h"
#include "runner/engine/talk/process_usage.h"
#include "runner/engine/talk/watchdog.h"

#include <asio/steady_timer.hpp>

#include <functional>

namespace touchstone {

class Dialogue : public std::enable_shared_from_this<Dialogue> {
 public:
  // `role` is the tester's. The opening handshake was made, and `opening.observation.deflate` is in force.
  Dialogue(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role, Opening opening);

  asio::awaitable<Observation> run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Waited : std::uint8_t { done, ended, silent };

  // Reading.
  asio::awaitable<void> read();
  void take(ws::ByteView octets);
  void end_of_stream(const std::error_code& error);

  // Waiting: by events; time is only the failing path.
  asio::awaitable<void> sleep_until_changed(Clock::time_point until);
  // Waits for `done`, for the end of the stream, or for `silence` without an octet from the endpoint.
  asio::awaitable<Waited> wait_for(std::function<bool()> done, Clock::duration silence);
  asio::awaitable<Waited> wait_for(std::function<bool()> done, std::string what);
  [[nodiscard]] bool closed_or_failed() const { return o_.close.has_value() || inbound_.failed(); }
  // Nothing that the steps still hold would change what the endpoint does.
  [[nodiscard]] bool over() const;

  // Writing.
  asio::awaitable<void> put(ws::ByteView octets);
  asio::awaitable<void> flush();  // all gathered octets, cut as the case says
  asio::awaitable<void> after_step();
  asio::awaitable<void> answer_pings();
  void read_when_stuck();
  [[nodiscard]] Clock::duration moment() const;
  [[nodiscard]] Composer::Sink sink();

  // Steps.
  asio::awaitable<void> play(const std::vector<Step>& steps);
  asio::awaitable<void> send(const step::Frame& frame);
  asio::awaitable<void> send_with_pauses(const step::Frame& frame, std::size_t payload_size);
  asio::awaitable<void> send(const step::Message& message);
  asio::awaitable<void> send(const step::Close& close);
  asio::awaitable<void> pass(const step::Sentinel& sentinel);
  asio::awaitable<void> await_echo();
  asio::awaitable<void> send(const step::Octets& raw);
  asio::awaitable<void> end(const step::Tcp& tcp);
  void set_reading(bool on);
  asio::awaitable<void> look_for_harm(const step::Alive& alive);
  void compare_usage(const step::Alive& alive);
  void gather_sentinel(std::string mark);
  void mark_close(ws::ByteView payload);
  void passed(const std::string& mark);

  // Ends (dialogue_ends.cc).
  asio::awaitable<void> finish();
  asio::awaitable<void> end_politely();
  asio::awaitable<void> end_in_failure();
  asio::awaitable<void> abandon();
  asio::awaitable<void> send_close();
  asio::awaitable<void> end_tcp();
  [[nodiscard]] bool all_replies_in() const;

  void note_seen(Seen::Kind kind, std::string payload = {});

  const Case& case_;
  const SessionOptions options_;
  const ws::Role role_;
  std::unique_ptr<ws::io::Stream> stream_;
  Observation o_;
  Recorder recorder_;
  Inbound inbound_;
  PayloadGenerator payloads_;
  Composer composer_;
  asio::steady_timer changed_, stuck_;
  Watchdog watchdog_;
  Clock::time_point deadline_, last_activity_ = Clock::now();
  ws::Bytes early_;                // what came behind the endpoint's head
  std::size_t ahead_;              // octets of the steps that are on the wire already
  ws::Bytes out_;                  // gathered, not yet written
  std::vector<std::size_t> cuts_;  // ends of the frames in out_
  ProcessUsage usage_before_;
  bool wants_to_read_ = true;  // false: a slow reader
  bool reading_ = false, ended_ = false, write_failed_ = false;
  bool closing_sent_ = false, in_frame_ = false, gave_up_ = false;
};

}  // namespace touchstone
