// order.h - one thing that a client is told to do: what waits for it, what it is told, and what must come of that.
#pragma once
#include "reports/result/result.h"
#include "runner/orders/arrival.h"
#include "runner/orders/authority.h"

#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>

#include <asio/awaitable.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace touchstone::orders {

// One connection to make; docs/next.md says it to writers of drivers.
struct Instruction {
  std::string url;
  std::vector<std::string> subprotocols{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string ca{};     // of a PEM file to trust, beside nothing else; empty: not said
  std::string proxy{};  // "http://127.0.0.1:4000"; empty: none
  int count = 1;        // so many of them, all begun at once
  int cancel_ms = 0;    // give up the opening after so long; 0: do not
  bool reconnect = false;
};

class Play;

// On a connection: what the tester does. Everything waits for the client with the time limit of the run.
class Visit {
 public:
  Visit(Play& play, Arrival& arrival, std::unique_ptr<ws::io::Stream> stream)
      : play_(play), arrival_(arrival), stream_(std::move(stream)) {}

  Arrival& arrival() noexcept { return arrival_; }
  // The server's side of TLS. False: the client did not want it, or began something else.
  [[nodiscard]] asio::awaitable<bool> begin_tls(const ws::io::Identity& identity);
  // The next head; nothing: it did not come.
  [[nodiscard]] asio::awaitable<std::optional<ws::RequestHead>> read_head();
  [[nodiscard]] asio::awaitable<bool> say(std::string octets);  // an answer
  // Answers with 101, sends a Ping and, once its Pong is there and `gate` has ended, does this. A request that nobody
  // could answer is refused.
  enum class After : std::uint8_t { close, reset };
  using Gate = std::function<asio::awaitable<void>()>;
  [[nodiscard]] asio::awaitable<void> open(ws::RequestHead request, After after = After::close, Gate gate = {});
  // Reads until the client ends TCP; then, or when it takes too long, so does the tester.
  [[nodiscard]] asio::awaitable<void> until_end();
  // Carries octets to and from a door of this order, whatever name the client thinks it is.
  [[nodiscard]] asio::awaitable<void> relay(std::uint16_t port);
  void reset() noexcept { stream_->reset(); }
  void leave() noexcept { stream_->close(); }

 private:
  [[nodiscard]] asio::awaitable<bool> more();

  Play& play_;
  Arrival& arrival_;
  std::unique_ptr<ws::io::Stream> stream_;
  ws::Bytes octets_;  // that came and were not read yet
};

using Serve = std::function<asio::awaitable<void>(Visit&)>;

// One order under way.
class Play {
 public:
  Play(asio::any_io_executor executor, const Authority& from, std::string ca, std::chrono::milliseconds limit)
      : authority(from), ca_file(std::move(ca)), patience(limit), executor_(std::move(executor)) {}
  ~Play() { leave(); }

  const Authority& authority;
  std::string ca_file;                 // of the authority's certificate
  std::chrono::milliseconds patience;  // silence that counts as no answer
  std::vector<Instruction> told{};
  std::deque<Arrival> arrivals{};  // in the order in which TCP connected
  bool lingers = false;            // what the client does after it asked for the next order counts, for the patience
  std::string shortage{};          // why this machine cannot play it; for people
  ws::io::Signal changed{};

  // A listener on 127.0.0.1 (or ::1) and its port; 0 where there is none, which is a shortage.
  std::uint16_t door(std::string name, Serve serve, bool v6 = false);
  // The same for a client that asks for localhost: on both addresses where this machine has both.
  std::uint16_t door_of_name(std::string name, Serve serve);
  void tell(Instruction one) { told.push_back(std::move(one)); }
  [[nodiscard]] std::vector<const Arrival*> at(std::string_view door) const;
  [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }

  // The client has done what it was told: all that it sent is read, and all connections are ended.
  [[nodiscard]] asio::awaitable<void> finish();
  void leave() noexcept;  // ends listeners and connections
  [[nodiscard]] bool over() const noexcept { return over_; }

 private:
  friend class Visit;
  struct Door;
  std::error_code open_door(const std::string& name, const Serve& serve, bool v6, std::uint16_t& port);
  static asio::awaitable<void> accept_all(Play& play, std::shared_ptr<Door> door);
  static asio::awaitable<void> receive(Play& play, std::shared_ptr<Door> door, std::unique_ptr<ws::io::Stream> stream,
                                       Arrival& arrival);

  asio::any_io_executor executor_;
  std::vector<std::shared_ptr<Door>> doors_;
  std::vector<ws::io::Stream*> streams_;
  std::size_t visits_ = 0, accepting_ = 0;
  std::uint64_t read_ = 0;  // octets, of all connections
  bool over_ = false;
};

// What is held against the client, by clauses of its own.
class Verdicts {
 public:
  explicit Verdicts(std::vector<Finding>& findings) : findings_(findings) {}
  // `kind` is stable ("told-fragment-sent"); the weight is the level's, or what choices.json decides.
  void find(std::string_view kind, std::string requirement, std::string expected, std::string seen);

 private:
  std::vector<Finding>& findings_;
};

struct Order {
  std::string_view id;  // of its case in cases/next.json
  std::function<void(Play&)> prepare;
  std::function<void(const Play&, Verdicts&)> judge;
};

[[nodiscard]] std::span<const Order> all_orders();
[[nodiscard]] const Order* find_order(std::string_view id);

// --- What the groups share -----------------------------------------------------------------------------------------

// A server that opens every connection.
[[nodiscard]] Serve opens(Visit::After after = Visit::After::close);
[[nodiscard]] Serve opens_over_tls(ws::io::Identity identity);
// One that says this to every request and waits for the end.
[[nodiscard]] Serve answers(std::string octets);
// "127.0.0.1:4000".
[[nodiscard]] std::string here(std::uint16_t port);
// A request that came and was opened: what every order asks that lets a client in. What its head breaks is told too.
// Nothing came where `may_refuse`: that is the client's right.
void judge_opened(const std::vector<const Arrival*>& arrivals, Verdicts& verdicts, bool may_refuse = false);
void judge_request(const Arrival& arrival, Verdicts& verdicts);

void add_uri_orders(std::vector<Order>& orders);
void add_tls_orders(std::vector<Order>& orders);
void add_proxy_orders(std::vector<Order>& orders);
void add_connection_orders(std::vector<Order>& orders);

}  // namespace touchstone::orders
