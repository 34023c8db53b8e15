// script.h - what `touchstone play` does on each connection, as its file says: in the steps of the cases
// (cases/LANGUAGE.md), with expectations between them and faults of operation. docs/play.md is the language.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/catalogue/catalogue.h"
#include "runner/live/network.h"

#include <ws/core/state.h>
#include <ws/testing/faults/faults.h>

#include <memory>

namespace touchstone::play {

// The peer says this next; Pings and Pongs between are passed over unless they are wanted.
struct Expectation {
  enum class Kind : std::uint8_t { text, binary, message, ping, pong, close, end, reset };
  Kind kind = Kind::message;
  std::optional<Payload> payload{};                    // the same octets
  std::optional<std::string> contains{};               // these octets somewhere in it
  std::optional<std::optional<std::uint16_t>> code{};  // close: this one; none in it
  std::optional<std::chrono::milliseconds> within{};   // nothing: the script's patience
};

struct PlayStep;
struct Pause {
  std::chrono::milliseconds length{};
};
// The server is gone for so long: its port refuses connections, and then it is back.
struct Away {
  std::chrono::milliseconds length{};
};
struct Change {
  Json network;  // read_network()
};
struct Rounds {
  std::uint32_t count = 1;
  std::vector<PlayStep> steps;
};

struct PlayStep {
  std::variant<step::Frame, step::Message, step::Close, step::Sentinel, step::AwaitEcho, step::Octets, step::Tcp,
               step::Reading, Expectation, Pause, Away, Change, Rounds>
      action;
  std::string place;  // "script.json#/connections/0/steps/2"
};

// One connection, or several that go the same way.
struct Plan {
  std::uint32_t times = 1;
  bool always = false;                 // all that come from here on
  std::chrono::milliseconds delay{0};  // before the answer to the opening handshake, or before the request
  enum class Refusal : std::uint8_t { none, status, fin, reset, silence };
  Refusal refusal = Refusal::none;
  int status = 503;
  std::vector<ws::Field> fields;                 // of the refusal
  std::optional<ws::testing::FaultSet> fault{};  // it echoes, with these faults
  Case opening;                                  // its request, answer, offer, accept: as in a case
  Network network;                               // of what is sent
  std::uint64_t read_bytes_per_s = 0;            // 0: as fast as it comes
  std::vector<PlayStep> steps;
  // When the steps are done.
  enum class Then : std::uint8_t { close, stay, echo, fin, reset };
  Then then = Then::close;
  bool answers_pings = true, answers_close = true;
  std::string place;
};

struct Script {
  std::vector<Plan> plans;
  std::chrono::milliseconds patience{10'000};
};

// `role`: that the script plays.
[[nodiscard]] std::expected<Script, std::vector<CaseFileError>> read_script(std::string_view name,
                                                                            std::string_view text, ws::Role role);
// Without a file: every connection is kept open for commands.
[[nodiscard]] Script open_script(ws::Role role);

// A line of standard input: one step, or `send` with one or several, or `stop`.
struct Command {
  Json id;                       // as it was given; null without
  std::uint64_t connection = 0;  // 0: the latest that is open
  bool stop = false;
  std::vector<PlayStep> steps;
};
[[nodiscard]] std::expected<Command, std::vector<CaseFileError>> read_command(std::string_view line);

}  // namespace touchstone::play
