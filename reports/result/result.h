// result.h - what is known about one case after it ran: verdicts, reasons, and the transcript.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// Ordered from best to worst where that has a meaning.
enum class Behavior : std::uint8_t {
  ok,
  non_strict,
  informational,
  unimplemented,
  not_applicable,
  failed,
  errored,
};
enum class Closing : std::uint8_t { ok, unclean, wrong_code, failed_by_client, informational, failed };

[[nodiscard]] std::string_view name(Behavior behavior) noexcept;  // "NON-STRICT": as in the reports
[[nodiscard]] std::string_view name(Closing closing) noexcept;    // "WRONG CODE"
[[nodiscard]] std::optional<Behavior> behavior_from(std::string_view name) noexcept;
[[nodiscard]] std::optional<Closing> closing_from(std::string_view name) noexcept;

// One thing that the judge checked and found wanting, or a choice of the RFC that the endpoint took.
struct Finding {
  enum class Weight : std::uint8_t { choice, weak, violation };  // OK, NON-STRICT, FAILED
  Weight weight = Weight::choice;
  std::string requirement;  // "rfc6455-5.5.1-10"
  std::string expected;     // for people: what would have been fine
  std::string seen;         // for people: what came
  std::string kind{};       // "close-unanswered": which check this is, stable. Empty: read from an old journal
  std::string evidence{};  // what tells one cause from another of the same kind: "client_max_window_bits"; may be empty
  std::string choice{};    // "C-22": the row of choices.json that decides the weight where the level does not
};

// One line of the transcript.
struct Entry {
  enum class Direction : std::uint8_t { sent, received, local };
  enum class Kind : std::uint8_t {
    head,    // HTTP head: text in `octets`
    frame,   // header fields below
    octets,  // not a frame: garbage, or the beginning of a frame that never got complete
    mark,    // local: a sentinel, pause or note; text in `note`
    eof,     // end of stream (received: the peer's FIN; sent: ours)
    reset,   // RST
    timeout,
    error,  // local: could not connect, TLS failure; text in `note`
  };
  std::int64_t at_us = 0;  // microseconds since the case began
  Direction direction = Direction::local;
  Kind kind = Kind::mark;
  // Frames.
  std::uint8_t opcode = 0;
  bool fin = false;
  std::uint8_t rsv = 0;               // RSV1 is 4
  std::optional<std::uint32_t> mask;  // masking key, network order
  std::uint64_t length = 0;           // payload octets on the wire (frames), octets (others)
  // Octets of the payload, unmasked, at most kKeptOctets of them; `length` tells the whole.
  std::string octets;
  // Set when the payload equals that of an earlier entry (an echo): its index in the transcript.
  std::optional<std::size_t> same_as;
  std::uint32_t crc32 = 0;  // of the whole payload (frames), so that what is cut can be compared
  std::string note;
  // How many equal-looking frames this entry stands for in cases of many thousand frames (1: just itself).
  std::uint32_t repeated = 1;
  std::string connection{};  // of a case with several connections: its name
  static constexpr std::size_t kKeptOctets = 4096;
};

struct Transcript {
  std::string request, response;  // the heads of the opening handshake, as they went over the wire
  std::vector<Entry> entries;
  std::uint64_t octets_sent = 0, octets_received = 0, frames_sent = 0, frames_received = 0;
  bool cut = false;    // entries were left out in the middle (kMaxEntries)
  bool whole = false;  // every payload is kept and written, whatever its size: of a failure, run again alone
  static constexpr std::size_t kMaxEntries = 2000;
  // What is written of the payloads of one transcript that is not whole: so many octets, then kShortOctets of each
  // further one. A bulk case would otherwise fill megabytes with octets that nobody reads.
  static constexpr std::size_t kWrittenOctets = 16 * 1024;
  static constexpr std::size_t kShortOctets = 64;
};

struct Result {
  std::string case_id;  // "close/code-valid/1000"
  std::vector<std::string> aliases;
  std::string title;
  std::string endpoint;
  Behavior behavior = Behavior::errored;
  Closing closing = Closing::ok;
  std::vector<std::string> requirements;
  std::vector<std::string> bugs;  // known bugs that the case shows, one line each for people
  std::string expectation;        // for people: what the case expects, in one or two sentences
  std::string summary;            // for people: what happened, one sentence
  std::vector<Finding> findings;
  bool hidden = false;  // NOT-APPLICABLE because of its gravest finding, which kept the case from being judged
  double duration_ms = 0;
  std::chrono::system_clock::time_point started;
  bool flaky = false;                          // failed under load, passed alone (or the other way round)
  std::optional<Transcript> other_transcript;  // of the run that disagreed, when flaky
  std::optional<std::uint16_t> remote_close_code;
  std::string remote_close_reason;
  std::optional<std::uint16_t> local_close_code;
  bool closed_by_peer_first = false;  // the endpoint began the closing handshake
  bool dropped_by_peer = false;       // TCP ended by the endpoint first
  bool clean = false;                 // closing handshake complete
  std::string replay;                 // shell command that runs just this case again
  Transcript transcript;
};

// Everything about a run but its results.
struct RunInfo {
  std::string version;  // of touchstone
  std::string catalogue_hash;
  std::string machine;  // class: "Linux x86_64, 2 cores, 23 GiB"
  std::string profile;  // core, default, full
  std::uint64_t seed = 0;
  unsigned jobs = 0;
  std::vector<std::string> command_line;
  struct Endpoint {
    std::string name, url, server_field;  // Server: of the 101 answer
  };
  std::vector<Endpoint> endpoints;
  std::size_t planned = 0;  // results that a complete run has
  std::chrono::system_clock::time_point start, end;
  bool complete = false;      // all planned results are there
  std::string ended_because;  // when not complete: "interrupted", "server died at close/...": for people
};

// "514 cases: 507 OK, 2 NON-STRICT, 3 INFORMATIONAL, 0 UNIMPLEMENTED, 0 NOT-APPLICABLE, 2 FAILED, 0 ERRORED"; where a
// fault hides some, also ", 12 hidden".
[[nodiscard]] std::string totals_line(const std::vector<Result>& results);

}  // namespace touchstone
