// run.h - many cases against one endpoint: the schedule, confirmation of failures, and death of the endpoint.
//
// Its parts: plan.h (what is asked), attempt.h (one case once), schedule.h (many at a time), survival.h (death),
// pending.h (verdicts that wait), doubts.h and confirmation.h (failures that run again alone).
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/endpoint_profile.h"
#include "runner/engine/talk/target.h"
#include "runner/engine/verdict/judge.h"

#include <ws/core/http/http1.h>

#include <atomic>
#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

inline constexpr unsigned kDefaultJobs = 16;  // cases at a time; a quarter of it for bulk cases

struct RunOptions {
  Profile profile = Profile::standard;
  unsigned jobs = 0;  // cases at a time; 0: a default for this machine
  std::chrono::milliseconds timeout{
      0};  // silence that counts as no answer; 0: from the measured round trip, 5 s at least, 20 s in a bulk case
  std::chrono::milliseconds budget{0};  // of the run, which ends then as it stands; 0: none
  std::chrono::milliseconds spent{0};   // of the budget, before the cases: on the greeting and the probe
  std::uint64_t seed = 1;
  int process = 0;               // id of the endpoint's process, or 0: judge its memory and CPU too
  double cpu_at_rest = 0;        // of one processor: what its processes use before anybody connects
  std::function<int()> owner{};  // id of the endpoint's process now, also of one that --command starts; may be missing
  EndpointProfile endpoint{};    // what the endpoint does with messages; an echo if nothing else is said
  bool confirm = true;           // run a failed case again alone before it is reported
  // Called before the case's step of that index, the first that breaks a rule; without one, before an opening handshake
  // that has to be refused. It holds the whole run up.
  std::function<void(const Case&, std::optional<std::size_t> step)> pause{};
};

// What the first connection told.
struct Greeting {
  std::optional<ws::ResponseHead> response;         // the answer to an ordinary opening handshake
  std::string server_field;                         // of the answer, may be empty
  bool over_http2 = false;                          // RFC 8441
  std::map<std::uint16_t, std::uint32_t> settings;  // of HTTP/2, as Http2Seen has them
  bool deflate = false;                             // permessage-deflate was agreed on
  std::chrono::microseconds round_trip{0};
  bool answers_pings = true;
  bool withholds_pongs = false;  // Pings are answered with the next frame only; every sentinel brings one then
};

// Why an endpoint could not be talked to. `text` says what, where, what was expected, what to do.
struct Unreachable {
  enum class Why : std::uint8_t { no_connection, tls, not_websocket, own_shortage };
  Why why = Why::no_connection;
  std::string text;
};

// How an endpoint ended that no longer accepts connections.
struct Death {
  std::string text;       // "the server ended with signal 11 (Segmentation fault)"; empty: nobody can see it
  std::string signature;  // the same without what changes from run to run: equal ones are one cause
};

// Told what happens, on the thread that called run().
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void started(const Case&) {}
  // A verdict that is looked at again before it counts; finished() follows, unless this process ends before.
  virtual void known(const Result&) {}
  virtual void finished(const Result&) = 0;  // exactly once a case, in the order of finishing
  // Asked before endpoint_died() when one case is to blame, so that its result says it.
  [[nodiscard]] virtual Death death() { return {}; }
  // New connections are refused since `suspect` ran (or is running). True: a fresh endpoint is up, go on.
  virtual bool endpoint_died(const std::vector<const Case*>& suspects, const std::string& why) = 0;
};

struct RunOutcome {
  enum class How : std::uint8_t { complete, interrupted, out_of_time, endpoint_died, own_shortage };
  How how = How::complete;
  std::string text;  // for people, when not complete
};

// One handshake and one Ping, to learn whether the endpoint is there at all. Nobody is waited for once `over` holds.
[[nodiscard]] std::expected<Greeting, Unreachable> greet(const Target& target, const RunOptions& options,
                                                         const std::function<bool()>& over = {});

// Runs the cases; `stop` may be set from a signal handler or another thread.
[[nodiscard]] RunOutcome run(const std::vector<const Case*>& cases, const Target& target, const Greeting& greeting,
                             const RunOptions& options, RunObserver& observer, const std::atomic<bool>& stop);

// The options of `touchstone test` that reach the target as it was reached, each after a blank.
[[nodiscard]] std::string connection_arguments(const Target& target);

// The command line that runs one case again.
[[nodiscard]] std::string replay_command(const Case& c, const Target& target, const RunOptions& options);

}  // namespace touchstone
