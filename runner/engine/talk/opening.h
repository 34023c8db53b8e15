// opening.h - the opening handshake on the tester's side, in both roles.
#pragma once
#include "runner/engine/talk/recorder.h"
#include "runner/engine/talk/silences.h"
#include "runner/engine/talk/target.h"
#include "runner/engine/verdict/observation.h"

#include <ws/core/http/extensions.h>
#include <ws/core/http/handshake.h>
#include <ws/io/net/stream.h>

#include <asio/awaitable.hpp>

#include <expected>
#include <functional>
#include <memory>

namespace touchstone {

// What a fresh connection showed.
struct Knocked {
  std::string fault;                  // that kept it from opening or from its Pong; for people, or empty
  std::chrono::milliseconds took{0};  // from the first octet to the Pong
  bool turned_away = false;           // the fault: it has too much to do, or too many connections, it seems
};

struct SessionOptions {
  std::shared_ptr<Nonces> nonces{};             // of the client under test, over all cases; may be missing
  std::shared_ptr<MaskKeyHistory> mask_keys{};  // the same
  std::chrono::milliseconds timeout{5000};      // silence that counts as no answer
  std::chrono::microseconds round_trip{1000};   // measured; scales the moments inside a frame
  std::shared_ptr<Silences> silences{};         // of the whole run; missing: every wait is in full
  bool must_prove = false;                      // of the endpoint's silence: no wait is too brief for it
  bool proves_end = true;                       // the same of the end of the connection, where all else is done
  std::size_t own_words = 0;      // messages that the endpoint sends of its own, to be left out (OwnWords)
  bool stops_at_silence = false;  // what was waited for in vain ends the steps
  std::uint64_t seed = 1;
  bool keep_whole = false;               // every octet in the transcript
  std::size_t keeps = Budget::kOfACase;  // octets of what the endpoint says, beside what it repeats
  bool nudges = false;  // a frame follows each sentinel, for an endpoint that answers Pings with the next frame only
  // Opens a fresh connection to the endpoint, pings and ends it, and waits so long for each answer at least. Without a
  // way to end it, a closing handshake, whose end it waits for for a moment only. The last argument: `must_prove`.
  // Unset: there is no way.
  std::function<asio::awaitable<Knocked>(std::chrono::milliseconds, std::optional<step::Alive::How>, bool)> knock{};
  bool brief_end = false;        // for the end of the connection it waits for a moment only
  int process = 0;               // id of the endpoint's process, when it is known
  std::function<int()> owner{};  // the same now, also of a command that is started again; for what is left behind
  double cpu_at_rest = 0;        // of one processor: what the endpoint used before anybody connected
  std::function<void(Recorder&)> after_steps{};  // once all of them were played
  bool through_proxy = false;                    // the other end of the stream is not the endpoint
  // Called before the step of this index is played, and holds everything up; the time that it takes is nobody's.
  std::optional<std::size_t> pause_at{};
  std::function<void()> pause{};
};

// One connection from its first octet on, and what it showed so far.
struct Opening {
  Opening(std::unique_ptr<ws::io::Stream> connected, std::size_t keep, Budget budget)
      : stream(std::move(connected)), recorder(keep, budget) {}
  std::unique_ptr<ws::io::Stream> stream;
  Observation observation;
  Recorder recorder;
  ws::Bytes early;        // octets after the head of the endpoint
  std::size_t ahead = 0;  // octets of the steps that went out with the tester's head
};

// The tester's request (RFC 6455 4.1) in a case, ready to be sent.
struct OpeningRequest {
  ws::Bytes octets;
  ws::RequestFacts facts;  // the key, and all that the endpoint may choose from
};
[[nodiscard]] OpeningRequest opening_request(const Case& c, const Target& target, std::uint64_t seed);

// The tester's answer to a client under test (RFC 6455 4.2.2): the first element of `accept` that the client's offer
// allows, together with what that offer asks of a server; the client's first subprotocol. Then the case's script.
struct OpeningAnswer {
  ws::Bytes octets;
  std::optional<ws::DeflateParams> deflate;
  bool lawful = true;               // a client has to take it
  std::optional<int> status = 101;  // nothing: it is no HTTP
};
[[nodiscard]] OpeningAnswer opening_answer(const Case& c, const ws::RequestHead& request, const ws::RequestFacts& facts,
                                           std::uint64_t seed);

// True: the connection is open, whatever else the answer breaks (Observation::answer_faults). Otherwise the observation
// says why it is not.
[[nodiscard]] asio::awaitable<bool> open_as_client(Opening& opening, const Case& c, const Target& target,
                                                   const SessionOptions& options);
// `request` is the client's head, and `opening.early` what came after it. True: the connection is open, whatever the
// request breaks (Observation::request_faults).
[[nodiscard]] asio::awaitable<bool> open_as_server(Opening& opening, const Case& c, ws::RequestHead request,
                                                   const SessionOptions& options);

}  // namespace touchstone
