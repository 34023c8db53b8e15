// opening.h - the opening handshake on the tester's side, in both roles.
#pragma once
#include "runner/engine/observation.h"
#include "runner/engine/recorder.h"
#include "runner/engine/run.h"

#include <ws/core/extensions.h>
#include <ws/core/handshake.h>
#include <ws/io/stream.h>

#include <asio/awaitable.hpp>

#include <expected>
#include <memory>

namespace touchstone {

struct SessionOptions {
  std::chrono::milliseconds timeout{5000};     // silence that counts as no answer
  std::chrono::microseconds round_trip{1000};  // measured; scales the moments inside a frame
  std::uint64_t seed = 1;
  bool keep_whole = false;  // every octet in the transcript
};

// One connection from its first octet on, and what it showed so far.
struct Opening {
  Opening(std::unique_ptr<ws::io::Stream> connected, std::size_t keep)
      : stream(std::move(connected)), recorder(keep) {}
  std::unique_ptr<ws::io::Stream> stream;
  Observation observation;
  Recorder recorder;
  ws::Bytes early;  // octets behind the head of the endpoint
};

// The tester's request (RFC 6455 4.1) for these offers, ready to be sent.
struct OpeningRequest {
  ws::RequestHead head;
  ws::RequestPromise promise;  // without the extensions, which are judged by `offers`
  std::vector<ws::Extension> offers;
};
[[nodiscard]] OpeningRequest opening_request(const Target& target, const std::vector<std::string>& offer,
                                             std::uint64_t seed);

// Judges a 101 answer against the request, element by element of the offer (RFC 6455 4.1, RFC 7692 5.1).
[[nodiscard]] std::expected<std::optional<ws::DeflateParams>, ws::Violation> judge_answer(
    const ws::ResponseHead& answer, const OpeningRequest& request);

// The tester's answer to a client under test (RFC 6455 4.2.2): the first element of `accept` that the client's offer
// allows, together with what that offer asks of a server; the client's first subprotocol.
struct OpeningAnswer {
  ws::ResponseHead head;
  std::optional<ws::DeflateParams> deflate;
};
[[nodiscard]] OpeningAnswer opening_answer(const Case& c, const ws::RequestFacts& request);

// True: the connection is open. Otherwise the observation says why it is not.
[[nodiscard]] asio::awaitable<bool> open_as_client(Opening& opening, const Case& c, const Target& target,
                                                   const SessionOptions& options);
// `request` is the client's head, and `opening.early` what came behind it.
[[nodiscard]] asio::awaitable<bool> open_as_server(Opening& opening, const Case& c, ws::RequestHead request,
                                                   const SessionOptions& options);

}  // namespace touchstone
