// link.h - one connection through a tap: a client, a server, and what becomes of octets between them.
#pragma once
#include "reports/support/files.h"
#include "runner/live/network.h"
#include "runner/live/tap/plant.h"
#include "runner/live/watcher.h"

#include <deque>
#include <filesystem>

namespace touchstone::tap {

// How both directions are treated.
struct Rules {
  Network to_server, to_client;
  std::vector<Plant> plants;
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(std::uint64_t number, std::unique_ptr<ws::io::Stream> client, std::unique_ptr<ws::io::Stream> server,
       Watcher::Judged judged, const Rules& rules, Events& events, Totals& totals);

  // Until both sides have ended. `transcript`: what both said, a line of JSON for each piece.
  asio::awaitable<void> run(std::optional<OutputFile> transcript);

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] const Network& network(ws::Role to) const { return way(to).road.network(); }
  void set_network(ws::Role to, const Network& network) { way(to).road.set(network); }
  void plant(const Plant& plant);
  // Ends TCP towards that side.
  void drop(ws::Role side, bool by_reset);

 private:
  // One direction.
  struct Way {
    Way(ws::Role side, std::unique_ptr<ws::io::Stream> stream, const Network& network);
    ws::Role to;
    std::unique_ptr<ws::io::Stream> stream;  // of that side
    Road road;                               // towards it
    Planter planter;
    struct Piece {
      ws::Bytes octets;
      ws::io::Clock::time_point due;
      enum class Kind : std::uint8_t { octets, fin, reset } kind = Kind::octets;
    };
    std::deque<Piece> queue;   // that is on its way
    std::size_t queued = 0;    // octets
    std::uint64_t spoken = 0;  // octets that came from the other side
    ws::io::Signal changed;
    bool is_over = false;  // nothing more goes there
  };
  [[nodiscard]] Way& way(ws::Role to) noexcept { return to == ws::Role::client ? to_client_ : to_server_; }
  [[nodiscard]] const Way& way(ws::Role to) const noexcept { return to == ws::Role::client ? to_client_ : to_server_; }
  asio::awaitable<void> read(ws::Role from);
  asio::awaitable<void> write(ws::Role to);
  asio::awaitable<bool> deliver(Way& to, const Way::Piece& piece);
  void take(ws::Role from, ws::ByteView octets);
  void push(Way& to, ws::Bytes octets, Way::Piece::Kind kind);
  void end_all(bool by_reset);
  void note(std::string_view what, ws::Role who, ws::ByteView octets);

  const std::uint64_t number_;
  Events& events_;
  Watcher watcher_;
  Way to_client_, to_server_;
  std::optional<OutputFile> transcript_;
  ws::io::Clock::time_point start_ = ws::io::Clock::now();
  int running_ = 0;
  ws::io::Signal done_;
};

}  // namespace touchstone::tap
