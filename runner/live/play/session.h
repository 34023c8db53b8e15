// session.h - one connection of a play: the opening handshake, the steps, what comes after them, the end.
//
// One coroutine reads what comes, whatever the script does meanwhile, so that every event is told when it happens;
// another one writes: the steps, Pongs, the answer to a Close.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/target.h"
#include "runner/live/play/played_stream.h"
#include "runner/live/play/script.h"

#include <ws/testing/oracle/describe.h>

#include <deque>

namespace touchstone::play {

// What the sessions of one play share.
struct World {
  const Script& script;
  Events& events;
  DeflateCache& cache;
  std::uint64_t seed = 1;
  const Target* target = nullptr;                        // of a client
  std::function<const Plan*()> next_plan;                // of a server; null: nothing more is planned
  std::function<void(std::chrono::milliseconds)> leave;  // Away, in the background
  Totals totals{};
  std::uint64_t failed = 0;  // steps
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `plan` of a server: null, it is asked for when a request came.
  Session(World& world, std::uint64_t number, ws::Role role, std::unique_ptr<ws::io::Stream> stream, const Plan* plan);

  asio::awaitable<void> run();
  void command(Command command);
  void stop();

  // It takes commands: from the moment at which `opened` was told.
  [[nodiscard]] bool is_open() const noexcept {
    return watcher_.is_open() && !heard_all_ && !over_ && plan_ != nullptr && !plan_->fault;
  }
  [[nodiscard]] bool is_planned() const noexcept { return plan_ != nullptr; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

 private:
  using Clock = ws::io::Clock;
  struct Item {
    Expectation::Kind kind = Expectation::Kind::message;
    ws::Bytes payload{};
    std::string words{};
  };

  // Reading.
  asio::awaitable<void> read();
  void take(const SaidFrame& frame);
  void take(SaidMessage message);
  void put(Item item);

  // The opening handshake (session_opening.cc).
  asio::awaitable<void> converse();
  asio::awaitable<void> be_server();
  asio::awaitable<void> be_client();
  asio::awaitable<bool> read_request();
  asio::awaitable<void> turn_away();
  asio::awaitable<void> refuse();
  asio::awaitable<void> echo_with_faults();
  asio::awaitable<void> answer();
  asio::awaitable<void> talk();

  // Waiting: until it holds, the time has passed (false), the connection ended or the play stops.
  asio::awaitable<bool> until(std::function<bool()> done, Clock::time_point when);
  asio::awaitable<void> upkeep();
  void start_reading();

  // Steps. False: it was not followed, and then the event was told.
  asio::awaitable<bool> play(const std::vector<PlayStep>& steps);
  asio::awaitable<bool> play_one(const PlayStep& step);
  asio::awaitable<bool> play(const step::Frame& frame, const std::string& place);
  asio::awaitable<bool> play(const step::Message& message, const std::string& place);
  asio::awaitable<bool> play(const step::Close& close, const std::string& place);
  asio::awaitable<bool> play(const step::Sentinel& sentinel, const std::string& place);
  asio::awaitable<bool> play(const step::AwaitEcho& echo, const std::string& place);
  asio::awaitable<bool> play(const step::Octets& octets, const std::string& place);
  asio::awaitable<bool> play(const step::Tcp& tcp, const std::string& place);
  asio::awaitable<bool> play(const step::Reading& reading, const std::string& place);
  asio::awaitable<bool> play(const Expectation& expectation, const std::string& place);
  asio::awaitable<bool> play(const Pause& pause, const std::string& place);
  asio::awaitable<bool> play(const Away& away, const std::string& place);
  asio::awaitable<bool> play(const Change& change, const std::string& place);
  asio::awaitable<bool> play(const Rounds& rounds, const std::string& place);
  [[nodiscard]] Composer::Sink sink();
  asio::awaitable<void> flush();
  bool fail(const std::string& place, std::string expected, std::string seen);

  // After the steps.
  asio::awaitable<void> go_on();
  asio::awaitable<void> serve_commands();
  asio::awaitable<void> echo(Item item);
  asio::awaitable<void> close_in_order();
  asio::awaitable<void> end_tcp();
  asio::awaitable<void> send_close(std::optional<std::uint16_t> code, std::string_view reason);

  World& world_;
  const std::uint64_t number_;
  const ws::Role role_;
  const Plan* plan_;
  Watcher watcher_;
  Road road_;
  std::unique_ptr<PlayedStream> owned_;
  PlayedStream* stream_;
  ws::io::Signal changed_;
  std::optional<ws::io::Watchdog> grace_;  // after stop()
  ws::Bytes early_;                        // all that came before the answer
  std::optional<Composer> composer_;
  PayloadGenerator payloads_;
  ws::Bytes gathered_;

  std::deque<Item> inbox_;
  std::uint64_t inbox_octets_ = 0;
  std::deque<ws::Bytes> pings_;            // to be answered
  std::optional<ws::Bytes> close_came_;    // its payload
  std::deque<ws::testing::Message> sent_;  // that no await has asked for
  std::deque<Command> commands_;
  Json command_id_;
  bool reads_ = true, reader_runs_ = false, heard_all_ = false, was_reset_ = false;
  bool over_ = false, close_sent_ = false, can_send_ = true, stopping_ = false, torn_ = false;
};

}  // namespace touchstone::play
