// options.h - what a load consists of, and what was seen of it.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/core/http/url.h>
#include <ws/io/net/stream.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/bench/histogram.h"

namespace touchstone::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

struct LoadOptions {
  // The server.
  ws::Url url;
  bool raw = false;  // no WebSocket: the server sends back every octet; nothing is masked, there is no handshake
  ws::io::Family family = ws::io::Family::any;
  ws::io::TlsOptions tls;
  std::string host;  // Host field; empty: from the URL
  std::vector<std::string> subprotocols;
  std::vector<ws::Field> fields;
  // The load.
  std::size_t connections = 100;  // WebSockets
  std::size_t streams = 0;        // over HTTP/2: so many of them on each connection (RFC 8441); 0: HTTP/1.1
  std::size_t size = 256;         // octets of a message
  bool text = false;
  bool deflate = false;              // offer permessage-deflate, and compress when it is agreed
  bool idle = false;                 // send no messages: hold the connections
  std::size_t in_flight = 1;         // messages of a connection that wait for their echo
  double rate = 0;                   // messages per second over all connections; 0: the next one when an echo came
  std::size_t opening = 128;         // opening handshakes at a time
  std::chrono::nanoseconds ramp{0};  // over which the connections are opened evenly
  std::chrono::nanoseconds warm_up{std::chrono::seconds(1)};
  std::chrono::nanoseconds duration{std::chrono::seconds(10)};
  int process = 0;  // id of the server's process on this machine, or 0: what it uses is measured, too
  std::chrono::nanoseconds patience{std::chrono::seconds(5)};  // for a handshake, and for the last echoes
};

// One second of the run.
struct Sample {
  double at = 0;        // seconds after the measuring began, at the end of the second
  double messages = 0;  // echoes per second
  std::chrono::nanoseconds p50{}, p99{}, max{};
};

using Reasons = std::map<std::string, std::size_t>;  // what happened -> to how many connections

// What the server's process and its descendants used.
struct ServerUse {
  std::chrono::nanoseconds cpu{};   // user and system time, in the measured time
  std::uint64_t memory_before = 0;  // octets of its own (anonymous) memory before the first connection,
  std::uint64_t memory = 0;         // and at the end of the measured time
};

struct LoadResult {
  // Opening.
  std::size_t opened = 0;
  bool deflate = false;  // agreed, by the first connection
  Reasons not_opened;
  std::chrono::nanoseconds opening_time{};  // until the last one was open or had failed
  Histogram opening;                        // from connect() to the 101
  // Messages: those that were due in the measured time.
  std::chrono::nanoseconds measured{};  // shorter than asked when the run was cut short
  std::uint64_t echoes = 0;             // that came in the measured time
  std::uint64_t unanswered = 0;         // echoes that had not come when patience ended
  // Fixed rate: were due, and their connection had no place for them; in `latency` with the time until the end.
  std::uint64_t unsent = 0;
  Histogram latency;
  std::vector<Sample> series;
  Reasons lost;  // connections that ended before the end
  std::size_t lost_count = 0;
  bool interrupted = false;
  std::optional<ServerUse> server;
  double own_cpu = 0;       // cores that the load generator used while it measured
  std::string unreachable;  // why the first connection did not open; nothing else is known then
};

// What is going on, told about ten times a second.
struct Progress {
  enum class Phase : std::uint8_t { opening, warming_up, measuring, ending } phase = Phase::opening;
  std::size_t opened = 0, failed = 0, lost = 0;
  double done = 0;                        // share of the phase, 0 to 1
  double messages = 0;                    // echoes per second, lately
  std::chrono::nanoseconds p50{}, p99{};  // of the measured time so far
};

// Raises the limit of open files as far as this process may; gives the limit.
std::size_t raise_file_limit();

// Loads the server as told. `stop` ends it early; what was seen until then is the result. Throws std::system_error when
// the system has no epoll descriptor left.
[[nodiscard]] LoadResult run_load(const LoadOptions& options, const std::atomic<bool>& stop,
                                  const std::function<void(const Progress&)>& tell);

}  // namespace touchstone::bench
