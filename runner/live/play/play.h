// play.h - `touchstone play`: a scripted server for the clients that come, or a client that makes its connections one
// after the other.
#pragma once
#include "runner/live/play/session.h"

#include <ws/io/net/listener.h>

#include <set>

namespace touchstone::play {

struct PlayOptions {
  Script script;
  ws::Role role = ws::Role::server;
  ws::io::ListenOptions listen{};  // of a server
  Target target{};                 // of a client
  std::uint64_t seed = 1;
};

struct Outcome {
  std::uint64_t connections = 0;  // that were planned and begun
  std::uint64_t failed = 0;       // steps
  Totals totals{};
  bool complete = false;    // all that was planned took place
  std::string unreachable;  // why a client's server could not be reached
};

class Play {
 public:
  Play(asio::any_io_executor executor, PlayOptions options, Events& events);
  ~Play();

  // A server listens then. The error is a sentence.
  [[nodiscard]] std::expected<void, std::string> start();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Until all that is planned took place, or stop().
  asio::awaitable<Outcome> run();
  void command(Command command);
  void stop();

 private:
  asio::awaitable<void> serve();
  asio::awaitable<void> connect();
  asio::awaitable<void> accept_all();
  asio::awaitable<void> stay_away(std::chrono::milliseconds length);
  void begin(std::unique_ptr<ws::io::Stream> stream);
  [[nodiscard]] const Plan* next_plan();
  [[nodiscard]] bool all_planned() const;

  asio::any_io_executor executor_;
  PlayOptions options_;
  DeflateCache cache_;
  World world_;
  ws::io::Signal changed_;
  std::unique_ptr<ws::io::Listener> listener_;
  std::uint16_t port_ = 0;
  std::set<std::shared_ptr<Session>> sessions_;
  Outcome outcome_;
  std::uint64_t number_ = 0;              // of the latest connection
  std::size_t plan_ = 0, used_ = 0;       // the next plan, and how often it was taken
  std::size_t accepting_ = 0, away_ = 0;  // coroutines that are under way
  bool stopping_ = false;
};

}  // namespace touchstone::play
