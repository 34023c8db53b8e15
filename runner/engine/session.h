// session.h - one case on one connection: opens it, plays the steps, waits for what must come, and writes
// down what came. It judges nothing.
#pragma once
#include "runner/engine/composer.h"
#include "runner/engine/observation.h"
#include "runner/engine/run.h"

#include <asio/awaitable.hpp>

#include <expected>

namespace touchstone {

struct SessionOptions {
  std::chrono::milliseconds timeout{5000};     // silence that counts as no answer
  std::chrono::microseconds round_trip{1000};  // measured; scales the moments inside a frame
  std::uint64_t seed = 1;
};

// Runs `c` against `target`. The error is why no connection came about at all.
[[nodiscard]] asio::awaitable<std::expected<Observation, ws::io::DialError>> observe(const Case& c,
                                                                                     const Target& target,
                                                                                     const SessionOptions& options,
                                                                                     DeflateCache& cache);

// The tester's opening handshake (RFC 6455 4.1) for these offers, ready to be sent.
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

}  // namespace touchstone
